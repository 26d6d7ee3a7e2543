"""What is broken and what is full, of all processes side by side."""

from store.monitoring.dashboards.colours import AUDITS, JOBS
from store.monitoring.dashboards.limits import ANY, ERRORS, SATURATED, alarm
from store.monitoring.dashboards.links import INVENTORY, ORDERS, USERS, board, runbooks
from store.monitoring.dashboards.panels import Panel, lines, listing
from store.monitoring.dashboards.promql import Query
from store.monitoring.dashboards.units import (
    BYTES,
    CORES,
    COUNT,
    PER_MINUTE,
    REQUESTS,
    SECONDS,
    SHARE,
    STEPS,
)

_BY_JOB = "{{job}}"
_OF_AN_ALERT = {
    "severity": "severity",
    "alertname": "alert",
    "service": "service",
    "job": "process",
    "instance": "replica",
    "dependency": "dependency",
    "worker": "loop",
    "check": "check",
}
_SERVICES = [board(uid) for uid in (USERS, INVENTORY, ORDERS)]


def wrong() -> list[list[Panel]]:
    """Alerts, processes that are down, dumps that are missing, and what the audit found."""
    return [[_alerts(), _up(), _dumps()], _audit()]


def symptoms() -> list[list[Panel]]:
    """What callers notice, and what is behind it."""
    return [_answers(), _causes()]


def _alerts() -> Panel:
    return listing(
        "Firing alerts",
        "Begin with the pages; the runbook of each says what it means, how to look and what to do.",
        Query('ALERTS{alertstate="firing"}'),
        columns=_OF_AN_ALERT,
        empty="Nothing is firing.",
        links=runbooks("TargetDown", "TargetMissing"),
    )


def _up() -> Panel:
    return lines(
        "Processes up",
        "Replicas that answer Prometheus; a line that falls is a process that died or cannot be reached.",
        COUNT,
        Query("sum by (job) (up)", _BY_JOB),
        colours=JOBS,
        links=runbooks("TargetDown", "TargetMissing"),
    )


def _dumps() -> Panel:
    return lines(
        "Age of the newest dump",
        "Of each database that is backed up; beyond the line a night's backup is missing.",
        SECONDS,
        Query(
            "time() - max by (service) (database_newest_dump_timestamp_seconds != 0)", "{{service}}"
        ),
        limit=alarm("BackupStale"),
        links=runbooks("BackupStale"),
    )


def _audit() -> list[Panel]:
    return [
        lines(
            "Audit: findings",
            "Money or stock that does not add up: one finding is one too many, whatever else is green.",
            COUNT,
            Query("max by (check) (audit_findings)", "{{check}}"),
            limit=ANY,
            links=runbooks("AuditFinding"),
        ),
        lines(
            "Audit: time since the last run",
            "Of the last audit that succeeded; beyond the line lost money or stock goes unnoticed.",
            SECONDS,
            Query("time() - max(audit_last_run_timestamp_seconds)", "age"),
            limit=alarm("AuditStale"),
            links=runbooks("AuditStale"),
        ),
        lines(
            "Audit: runs",
            "Failed ones could not read a database or the gateway; they say nothing about money and stock.",
            PER_MINUTE,
            Query(
                "60 * sum by (outcome) (rate(audit_runs_total[$__rate_interval]))", "{{outcome}}"
            ),
            colours=AUDITS,
            links=runbooks("AuditStale"),
        ),
        lines(
            "Audit: duration",
            "Grows with the number of orders; a jump is a slow database.",
            SECONDS,
            Query("max(audit_duration_seconds)", "last run"),
        ),
    ]


def _answers() -> list[Panel]:
    return [
        lines(
            "Requests",
            "REST and gRPC by process; if all fall together, requests no longer reach the store.",
            REQUESTS,
            Query("job:http_requests:rate5m", _BY_JOB),
            Query("job:rpc_requests:rate5m", _BY_JOB),
            colours=JOBS,
            links=_SERVICES,
        ),
        lines(
            "Error share",
            "The line that moves first is usually the cause; the others depend on it.",
            SHARE,
            Query("job:http_request_errors:ratio_rate5m", _BY_JOB),
            Query("job:rpc_request_errors:ratio_rate5m", _BY_JOB),
            colours=JOBS,
            limit=ERRORS,
            links=[*_SERVICES, *runbooks("BrowseErrorBudgetBurn", "CheckoutErrorBudgetBurn")],
        ),
        lines(
            "p99",
            "One request in a hundred takes longer; orders wait for inventory and the gateway, so look there first.",
            SECONDS,
            Query("job:http_request_duration_seconds:p99_5m", _BY_JOB),
            Query("job:rpc_request_duration_seconds:p99_5m", _BY_JOB),
            colours=JOBS,
            links=[*_SERVICES, *runbooks("BrowseLatencyBudgetBurn", "CheckoutLatencyBudgetBurn")],
        ),
    ]


def _causes() -> list[Panel]:
    age = "max by (job, worker) (time() - worker_last_step_timestamp_seconds)"
    return [
        lines(
            "Failed calls to others",
            "Which process cannot reach which dependency: the one that all arrows point to is down.",
            SHARE,
            Query(
                "job_dependency:dependency_request_errors:ratio_rate5m", "{{job}} → {{dependency}}"
            ),
            limit=alarm("DependencyFailing"),
            links=runbooks("DependencyFailing"),
        ),
        lines(
            "Database errors",
            "Errors in all services at once are the database server; in one alone, its own queries or its pool.",
            STEPS,
            Query("sum by (job) (job:database_errors:rate5m)", _BY_JOB),
            colours=JOBS,
            links=runbooks("DatabaseUnreachable"),
        ),
        lines(
            "Loops: age of the last step",
            "Beyond the line a loop hangs: orders, mails or webhooks are not processed.",
            SECONDS,
            Query(age, "{{job}} {{worker}}"),
            limit=alarm("WorkerStalled"),
            links=runbooks("WorkerStalled"),
        ),
    ]


def saturation() -> list[list[Panel]]:
    """What runs full before it breaks."""
    return [_processes(), _limited()]


def _processes() -> list[Panel]:
    return [
        lines(
            "CPU",
            "All replicas of a process together; one replica uses one core at most, so add replicas when they are full.",
            CORES,
            Query("job:process_cpu_seconds:rate5m", _BY_JOB),
            colours=JOBS,
        ),
        lines(
            "Memory",
            "All replicas of a process together; a line that only climbs, over days, is a leak.",
            BYTES,
            Query("sum by (job) (process_resident_memory_bytes)", _BY_JOB),
            colours=JOBS,
        ),
        lines(
            "Event-loop lag, p99",
            "How late a sleeping task wakes; when it rises, one request computes while all others wait.",
            SECONDS,
            Query("job:event_loop_lag_seconds:p99_5m", _BY_JOB),
            colours=JOBS,
            limit=alarm("EventLoopBlocked"),
            links=runbooks("EventLoopBlocked"),
        ),
    ]


def _limited() -> list[Panel]:
    return [
        lines(
            "Database connections in use",
            "Of the fullest replica; at 100 % requests queue for a connection.",
            SHARE,
            Query("job:database_pool_in_use:ratio", _BY_JOB),
            colours=JOBS,
            limit=SATURATED,
            links=runbooks("DatabasePoolExhausted"),
        ),
        lines(
            "Open files",
            "Of the fullest replica, sockets included; at 100 % it takes no more connections.",
            SHARE,
            Query("job:process_open_fds:ratio", _BY_JOB),
            colours=JOBS,
            limit=alarm("FilesRunningOut"),
            links=runbooks("FilesRunningOut"),
        ),
        lines(
            "Open breakers",
            "At 1 some replica does not call this dependency for the moment, because it did not answer.",
            COUNT,
            Query("max by (job, dependency) (dependency_breaker_open)", "{{job}} → {{dependency}}"),
            limit=ANY,
            links=runbooks("DependencyFailing"),
        ),
    ]
