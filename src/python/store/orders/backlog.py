"""What waits to be done, as a worker sees it."""

from collections.abc import Sequence
from uuid import UUID

from store.orders.models import database

_DUE = """
SELECT id FROM orders WHERE step IS NOT NULL AND next_attempt_at <= now()
AND (leased_until IS NULL OR leased_until <= now())
AND NOT id = ANY(%(busy)s) ORDER BY next_attempt_at LIMIT %(limit)s
"""
_BACKLOG = """
SELECT count(*) FILTER (WHERE next_attempt_at <= now()) AS due,
    coalesce(extract(epoch FROM now() - min(created_at)
        FILTER (WHERE state IN ('pending', 'awaiting_payment'))), 0)::float AS oldest_seconds
FROM orders WHERE step IS NOT NULL
"""


def due(limit: int, busy: Sequence[UUID]) -> list[UUID]:
    """Orders whose next step may be tried, the longest waiting first; without the busy ones."""
    rows = database.rows(_DUE, {"limit": limit, "busy": list(busy)})
    return [row["id"] for row in rows]


def backlog() -> tuple[int, float]:
    """How many orders are due, and the age in seconds of the oldest that is on its way."""
    row = database.row(_BACKLOG) or {}
    return row["due"], row["oldest_seconds"]
