"""The events of an order, as they were written with its changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from store.orders.models.states import FINAL, State
from store.orders.models.tables import database


@dataclass(frozen=True)
class TimelineEvent:
    """Something that happened to an order; `number` counts from 1, without gaps."""

    number: int
    type: str
    data: dict[str, Any]
    created_at: datetime


_AFTER = """
SELECT number, type, data, created_at FROM order_events
WHERE order_id = %s AND number > %s ORDER BY number LIMIT %s
"""
_FACTS = """
SELECT data FROM order_events WHERE order_id = %s AND type = 'order.letting_go'
ORDER BY number DESC LIMIT 1
"""
_STATE = "SELECT state, step FROM orders WHERE id = %s"


def events_after(order_id: UUID, number: int, limit: int) -> list[TimelineEvent]:
    """Up to `limit` events that come after this number, oldest first."""
    return [TimelineEvent(**row) for row in database.rows(_AFTER, (order_id, number, limit))]


def ending_facts(order_id: UUID) -> dict[str, Any]:
    """Why the order had to let go: the reason, and what belongs to it (such as a sku)."""
    row = database.row(_FACTS, (order_id,)) or {}
    return dict(row.get("data", {}))


def has_ended(order_id: UUID) -> bool:
    """Whether the order is at rest in a state that no step changes any more."""
    row = database.row(_STATE, (order_id,)) or {}
    return row["step"] is None and State(row["state"]) in FINAL
