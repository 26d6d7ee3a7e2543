"""What the shop counts about its outgoing webhooks. Only a process that sends them imports this."""

from prometheus_client import Counter, Gauge

from store.metrics.ages import SeenAge

BACKLOG_INTERVAL_SECONDS = 5.0
"""How often a worker looks what waits."""

_SEEN = f"as this worker saw it at its last look, every {BACKLOG_INTERVAL_SECONDS:.0f} s; each reports all"

DELIVERIES = Counter(
    "webhook_deliveries_total", "Attempts to deliver an event, by what came of them.", ("outcome",)
)
PENDING = Gauge("webhook_deliveries_pending", f"Deliveries that wait, {_SEEN}.")
DEAD = Gauge("webhook_deliveries_dead", f"Deliveries given up, {_SEEN}.")
LAG = SeenAge(
    "webhook_lag_seconds",
    f"Age of the oldest delivery that waits for an active endpoint, {_SEEN}. Grows while it cannot look.",
    BACKLOG_INTERVAL_SECONDS,
)

for outcome in ("taken", "failed"):
    DELIVERIES.labels(outcome)
