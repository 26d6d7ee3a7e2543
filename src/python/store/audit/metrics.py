"""What an auditor that looks again and again publishes."""

from prometheus_client import Counter, Gauge

from store.audit.audit import NAMES

FINDINGS = Gauge(
    "audit_findings",
    "Findings of each check in the last audit that could look; anything but 0 is lost or doubled.",
    ("check",),
)
RUNS = Counter(
    "audit_runs_total",
    "Audits: with nothing found (clean), with findings, or that could not look (failed).",
    ("outcome",),
)
DURATION = Gauge("audit_duration_seconds", "Seconds that the last audit took.")
LAST_RUN = Gauge(
    "audit_last_run_timestamp_seconds",
    "Unix time at which the last audit that could look ended; 0 before the first.",
)

CLEAN, FOUND, FAILED = "clean", "findings", "failed"

for check in NAMES:
    FINDINGS.labels(check)
for outcome in (CLEAN, FOUND, FAILED):
    RUNS.labels(outcome)
