"""The database: its pool, and what goes wrong with it."""

from prometheus_client import Counter, Gauge, Histogram

POOL_SIZE = Gauge("database_pool_size", "Connections that the pool may hold.")
POOL_IN_USE = Gauge("database_pool_in_use", "Connections that are lent out.")
POOL_WAIT_SECONDS = Histogram(
    "database_pool_wait_seconds",
    "Seconds that a borrower waited for a connection.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
POOL_TIMEOUTS = Counter(
    "database_pool_timeouts_total", "Borrowers that gave up waiting for a connection."
)
HELD_SECONDS = Histogram(
    "database_connection_held_seconds",
    "Seconds that a borrower kept a connection: its statements, and what it did between them.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
ERRORS = Counter(
    "database_errors_total",
    "What went wrong: no connection to be had (unavailable), one that broke (lost), transactions in "
    "each other's way (deadlock), a statement or a lock that took too long (timeout), or anything "
    "but a broken constraint (other).",
    ("kind",),
)
UNAVAILABLE = ERRORS.labels("unavailable")
LOST = ERRORS.labels("lost")
DEADLOCK = ERRORS.labels("deadlock")
TIMEOUT = ERRORS.labels("timeout")
OTHER = ERRORS.labels("other")
