"""How far subscribers are behind, and what is done with deliveries that are too old."""

from dataclasses import dataclass
from datetime import datetime

from store.database.purge import purge_sql
from store.orders.models.tables import database

MAX_BATCH = 5000

_BACKLOG = """
SELECT coalesce(sum(pending), 0)::int AS pending, coalesce(sum(dead), 0)::int AS dead,
    coalesce(extract(epoch FROM now() - min(oldest) FILTER (WHERE state = 'active')), 0)::float
        AS lag_seconds
FROM webhook_endpoints e
CROSS JOIN LATERAL (SELECT count(*) AS pending, min(created_at) AS oldest
    FROM webhook_deliveries WHERE endpoint_id = e.id AND state = 'pending') waiting
CROSS JOIN LATERAL (SELECT count(*) AS dead
    FROM webhook_deliveries WHERE endpoint_id = e.id AND state = 'dead') given_up
"""
# An attempt that fails too late gives up by itself; these are the ones behind it, that an absent
# subscriber was never tried with.
_GIVE_UP = f"""
UPDATE webhook_deliveries SET state = 'dead', answer = coalesce(answer, 'never tried'),
    lease = NULL, leased_until = NULL
WHERE (endpoint_id, event_id) IN (
    SELECT d.endpoint_id, d.event_id FROM webhook_endpoints e
    JOIN webhook_deliveries d ON d.endpoint_id = e.id AND d.state = 'pending'
        AND d.created_at <= now() - interval '3 days' AND d.give_up_at <= now()
        AND (d.leased_until IS NULL OR d.leased_until <= now())
    WHERE e.state = 'active' LIMIT {MAX_BATCH} FOR UPDATE OF d SKIP LOCKED)
"""
_FORGET = purge_sql(
    "webhook_deliveries", "endpoint_id, event_id", "state = 'delivered' AND delivered_at < %s"
)


@dataclass(frozen=True)
class Backlog:
    """What waits, what was given up, and the age of what waits longest for an active endpoint."""

    pending: int
    dead: int
    lag_seconds: float


def backlog() -> Backlog:
    """How far all subscribers together are behind."""
    return Backlog(**(database.row(_BACKLOG) or {}))


def give_up() -> int:
    """Give up some that are too old, if their endpoint is not paused; how many there were."""
    return database.run(_GIVE_UP)


def forget(delivered_before: datetime) -> int:
    """Forget some that were delivered before a moment; how many there were."""
    return database.run(_FORGET, (delivered_before, MAX_BATCH))
