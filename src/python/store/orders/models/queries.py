"""The queries that read orders. A row becomes an order by the names of its columns."""

from datetime import datetime
from typing import Any
from uuid import UUID

from store.orders.errors import OrderNotFound
from store.orders.models.order import LEASE_SECONDS, Line, Order, Shipment
from store.orders.models.payment import Payment, Refund
from store.orders.models.states import State, Step
from store.orders.models.tables import database
from store.server.http.pages import PageRequest

_WHOLE = """
SELECT o.*,
    (SELECT json_agg(l ORDER BY l.position) FROM order_lines l WHERE l.order_id = o.id) AS lines,
    (SELECT to_json(p) FROM payments p WHERE p.order_id = o.id) AS payment,
    (SELECT json_agg(r ORDER BY r.id) FROM refunds r WHERE r.order_id = o.id) AS refunds,
    (SELECT to_json(s) FROM shipments s WHERE s.order_id = o.id) AS shipment
FROM orders o
"""
_BY_ID = f"{_WHOLE} WHERE o.id = %s"
_LOCK = "SELECT 1 AS locked FROM orders WHERE id = %s FOR UPDATE"
_OVERDUE = """
SELECT 1 AS locked FROM orders WHERE id = %s AND step IS NOT NULL
AND (leased_until IS NULL OR leased_until <= now())
AND CASE WHEN state IN ('pending', 'awaiting_payment') THEN expires_at
    ELSE greatest(expires_at, next_attempt_at) END <= now() FOR UPDATE
"""
_LEASE = f"""
UPDATE orders SET lease = %(lease)s, leased_until = now() + interval '{LEASE_SECONDS} seconds'
WHERE id = (
    SELECT id FROM orders WHERE id = %(id)s AND step IS NOT NULL AND next_attempt_at <= now()
    AND (leased_until IS NULL OR leased_until <= now()) FOR UPDATE SKIP LOCKED)
"""
_LIST = f"""{_WHOLE}
WHERE (%(buyer)s::uuid IS NULL OR o.buyer_id = %(buyer)s)
AND (%(state)s::text IS NULL OR o.state = %(state)s)
AND (%(after)s::uuid IS NULL OR o.id < %(after)s)
ORDER BY o.id DESC LIMIT %(limit)s
"""
_REFUNDED_BY = f"""{_WHOLE}
WHERE o.id = (SELECT order_id FROM refunds WHERE gateway_id = %s AND state = 'succeeded')
"""


def order_of(order_id: UUID) -> Order:
    """The order, or OrderNotFound."""
    row = database.row(_BY_ID, (order_id,))
    if row is None:
        raise OrderNotFound
    return _order(row)


def order_for_update(order_id: UUID) -> Order:
    """The order, locked until the transaction ends, or OrderNotFound."""
    if database.row(_LOCK, (order_id,)) is None:
        raise OrderNotFound
    # A second statement, so that it sees what the lock was waiting for.
    return order_of(order_id)


def overdue_for_update(order_id: UUID) -> Order | None:
    """The order, locked until the transaction ends, if it takes too long and nobody is at work on it."""
    return None if database.row(_OVERDUE, (order_id,)) is None else order_of(order_id)


def lease_order(order_id: UUID, lease: UUID) -> Order | None:
    """The order with this lease; None if nothing is due or somebody else is at work on it."""
    with database.transaction():
        if not database.run(_LEASE, {"id": order_id, "lease": lease}):
            return None
        return order_of(order_id)


def orders_page(buyer_id: UUID | None, state: str | None, page: PageRequest) -> list[Order]:
    """Up to limit + 1 orders, newest first."""
    after = page.after[0] if page.after else None
    values = {"buyer": buyer_id, "state": state, "after": after, "limit": page.limit + 1}
    return [_order(row) for row in database.rows(_LIST, values)]


def refunded_by(gateway_id: str) -> Order | None:
    """The order that has a refund with the gateway's id, believed to be made."""
    row = database.row(_REFUNDED_BY, (gateway_id,))
    return _order(row) if row else None


def _order(row: dict[str, Any]) -> Order:
    """The value of a row of `_WHOLE`."""
    made = {name: row[name] for name in _PLAIN}
    return Order(
        **made,
        state=State(row["state"]),
        step=Step(row["step"]) if row["step"] else None,
        ending=State(row["ending"]) if row["ending"] else None,
        lines=tuple(_part(Line, line) for line in row["lines"]),
        payment=_part(Payment, row["payment"]),
        refunds=tuple(_part(Refund, refund) for refund in row["refunds"] or ()),
        shipment=_part(Shipment, row["shipment"]),
    )


def _part(kind: type[Any], row: dict[str, Any] | None) -> Any:
    """A part of an order from its JSON: ids and times are text there."""
    if row is None:
        return None
    return kind(**{name: _read(name, row[name]) for name in kind.__dataclass_fields__})


def _read(name: str, value: Any) -> Any:
    if value is not None and name.endswith("_at"):
        return datetime.fromisoformat(value)
    return UUID(value) if name in ("id", "requested_by", "shipped_by") else value


_PARTS = {"state", "step", "ending", "lines", "payment", "refunds", "shipment"}
_PLAIN = tuple(name for name in Order.__dataclass_fields__ if name not in _PARTS)
