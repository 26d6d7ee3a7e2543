"""How a service gets on with its database."""

from store.monitoring.dashboards.colours import DATABASE_ERRORS, JOBS
from store.monitoring.dashboards.layout import PanelRow
from store.monitoring.dashboards.limits import SATURATED
from store.monitoring.dashboards.links import runbooks
from store.monitoring.dashboards.panels import Panel, lines
from store.monitoring.dashboards.promql import Query, chosen, quantile, rate
from store.monitoring.dashboards.units import REQUESTS, SECONDS, SHARE, STEPS


def database(service: str) -> PanelRow:
    """The pool of connections, and what goes wrong behind it."""
    labels = chosen(service)
    return PanelRow(5, "Database", [_pool(labels), _errors(labels)])


def _pool(labels: str) -> list[Panel]:
    used = f"database_pool_in_use{{{labels}}} / database_pool_size{{{labels}}}"
    return [
        lines(
            "Connections in use",
            "Of the fullest replica; at 100 % requests queue for a connection.",
            SHARE,
            Query(f"max by (job) ({used})", "{{job}}"),
            colours=JOBS,
            limit=SATURATED,
            links=runbooks("DatabasePoolExhausted"),
        ),
        lines(
            "Wait for a connection, p99",
            "Rises when the pool is too small, or when connections are held for too long.",
            SECONDS,
            Query(quantile(0.99, "database_pool_wait_seconds", labels, "job"), "{{job}}"),
            colours=JOBS,
            links=runbooks("DatabasePoolExhausted"),
        ),
        lines(
            "Connections held, p99",
            "How long a transaction keeps its connection; rises with slow queries, locks or a slow disk.",
            SECONDS,
            Query(quantile(0.99, "database_connection_held_seconds", labels, "job"), "{{job}}"),
            colours=JOBS,
        ),
    ]


def _errors(labels: str) -> list[Panel]:
    return [
        lines(
            "Connections lent",
            "Falls with the traffic; if it falls alone, connections are held for longer.",
            STEPS,
            Query(rate("database_connection_held_seconds_count", labels, "job"), "{{job}}"),
            colours=JOBS,
        ),
        lines(
            "Waits given up",
            "Requests that failed because no connection came free in time: any is one too many.",
            REQUESTS,
            Query(rate("database_pool_timeouts_total", labels, "job"), "{{job}}"),
            colours=JOBS,
            links=runbooks("DatabasePoolExhausted"),
        ),
        lines(
            "Errors by kind",
            "Unavailable and lost are the server or the network; deadlock and timeout are our own locks.",
            STEPS,
            Query(rate("database_errors_total", labels, "kind"), "{{kind}}"),
            colours=DATABASE_ERRORS,
            links=runbooks("DatabaseUnreachable"),
        ),
    ]
