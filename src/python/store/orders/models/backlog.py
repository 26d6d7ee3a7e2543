"""What waits to be done, as a worker sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from store.orders.models.tables import database

_DUE = """
SELECT id FROM orders WHERE step IS NOT NULL AND next_attempt_at <= now()
AND (leased_until IS NULL OR leased_until <= now())
AND NOT id = ANY(%(busy)s) ORDER BY next_attempt_at LIMIT %(limit)s
"""
_BACKLOG = """
SELECT count(*) FILTER (WHERE next_attempt_at <= now()
        AND (leased_until IS NULL OR leased_until <= now())) AS due,
    count(*) FILTER (WHERE state = 'pending') AS pending,
    count(*) FILTER (WHERE state = 'awaiting_payment') AS awaiting_payment,
    coalesce(extract(epoch FROM now() - min(state_since) FILTER (WHERE state = 'pending')), 0)::float
        AS oldest_pending_seconds
FROM orders WHERE step IS NOT NULL
"""


@dataclass(frozen=True)
class Backlog:
    """How many orders are due, pending and with their buyers, and how long one has been pending."""

    due: int
    pending: int
    awaiting_payment: int
    oldest_pending_seconds: float


def due(limit: int, busy: Sequence[UUID]) -> list[UUID]:
    """Orders whose next step may be tried, the longest waiting first; without the busy ones."""
    rows = database.rows(_DUE, {"limit": limit, "busy": list(busy)})
    return [row["id"] for row in rows]


def backlog() -> Backlog:
    """What waits now. Reads the index of the orders that have a step, and only their rows."""
    return Backlog(**(database.row(_BACKLOG) or {}))
