"""What the database pool tells."""

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
