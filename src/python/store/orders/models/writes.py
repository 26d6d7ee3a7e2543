"""Writes of orders: each change and its events in one statement, guarded by version, time and lease.

A guarded write that finds the order changed meanwhile changes nothing and says so. So whoever lost
its lease, or was overtaken by a cancellation, cannot write what it believed. The time of the last
change is part of the guard because a version may come twice: a database that crashes forgets the
last changes that nobody waited for, and counts on from the one before.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from store.database.model import jsonb
from store.orders.models.order import LEASE_SECONDS, Line, Order
from store.orders.models.states import refuse_other_moves
from store.orders.models.tables import database


@dataclass(frozen=True)
class Event:
    """Something that happened to an order: a line of its timeline."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """An order as it is to be, its news, and the seconds until its next step may be tried."""

    after: Order
    events: tuple[Event, ...] = ()
    wait: float = 0.0

    def without_lease(self) -> "Change":
        """The same change, letting go of the order."""
        return replace(self, after=replace(self.after, lease=None))


_INSERT = f"""
WITH placed AS (
    INSERT INTO orders (id, buyer_id, state, currency, payment_method, shipping_address, step,
        lease, leased_until, expires_at, traceparent)
    VALUES (%(id)s, %(buyer_id)s, %(state)s, %(currency)s, %(payment_method)s,
        %(shipping_address)s, %(step)s, %(lease)s, now() + interval '{LEASE_SECONDS} seconds',
        %(expires_at)s, %(traceparent)s)
    RETURNING id
), lines AS (
    INSERT INTO order_lines (order_id, position, sku, quantity, expected_price)
    SELECT id, l.* FROM placed, jsonb_to_recordset(%(lines)s)
        AS l(position int, sku text, quantity int, expected_price bigint)
)
INSERT INTO order_events (order_id, number, type, data)
SELECT id, 1, 'order.placed', %(event)s FROM placed RETURNING created_at
"""

_UPDATE = f"""
WITH moved AS (
    UPDATE orders SET state = %(state)s, total = %(total)s, step = %(step)s, ending = %(ending)s,
        reason = %(reason)s, cancel_requested_at = %(cancel_requested_at)s,
        cancel_requested_by = %(cancel_requested_by)s, expires_at = %(expires_at)s,
        attempts = %(attempts)s, next_attempt_at = now() + make_interval(secs => %(wait)s),
        lease = %(lease)s, leased_until = CASE WHEN %(lease)s::uuid IS NULL THEN NULL
            WHEN %(mine)s THEN now() + interval '{LEASE_SECONDS} seconds' ELSE leased_until END,
        version = version + 1, updated_at = now()
    WHERE id = %(id)s AND version = %(version)s AND updated_at = %(seen)s
        AND lease IS NOT DISTINCT FROM %(held)s
    RETURNING id, updated_at
), events AS (
    INSERT INTO order_events (order_id, number, type, data)
    SELECT id, e.number + (SELECT coalesce(max(number), 0) FROM order_events
        WHERE order_id = %(id)s), e.type, e.data
    FROM moved, jsonb_to_recordset(%(events)s) AS e(number int, type text, data jsonb)
)"""
_PAID = """, paid AS (
    INSERT INTO payments AS p (order_id, amount, currency, status, intent_id, authorised, captured,
        next_action, decline_code, asked_at)
    SELECT id, %(p_amount)s, %(currency)s, %(p_status)s, %(p_intent_id)s, %(p_authorised)s,
        %(p_captured)s, %(p_next_action)s, %(p_decline_code)s, %(p_asked_at)s FROM moved
    ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, intent_id = excluded.intent_id,
        authorised = excluded.authorised, captured = excluded.captured,
        next_action = excluded.next_action, decline_code = excluded.decline_code
)"""
_PRICED = """, priced AS (
    UPDATE order_lines l SET name = n.name, unit_price = n.unit_price
    FROM moved, jsonb_to_recordset(%(lines)s) AS n(sku text, name text, unit_price bigint)
    WHERE l.order_id = moved.id AND l.sku = n.sku
)"""
_END = """
SELECT updated_at, set_config('synchronous_commit', %(durability)s, true) FROM moved
"""
_REFUND = """
INSERT INTO refunds (id, order_id, amount, reason, state, gateway_id, failure, requested_by,
    created_at)
VALUES (%(id)s, %(order_id)s, %(amount)s, %(reason)s, %(state)s, %(gateway_id)s, %(failure)s,
    %(requested_by)s, %(created_at)s)
"""
_REFUND_ENDS = """
UPDATE refunds SET state = %(state)s, gateway_id = %(gateway_id)s, failure = %(failure)s
WHERE id = %(id)s
"""
_SHIP = """
INSERT INTO shipments (id, order_id, carrier, tracking_number, shipped_by, shipped_at)
VALUES (%(id)s, %(order_id)s, %(carrier)s, %(tracking_number)s, %(shipped_by)s, %(shipped_at)s)
"""
_DELIVER = "UPDATE shipments SET delivered_at = %s WHERE order_id = %s"


def insert_order(order: Order) -> Order:
    """Write a new order, held by its lease, with its first event: the order, by the database's clock.

    Joins the open transaction.
    """
    lines = [
        {"position": number, "sku": line.sku, "quantity": line.quantity,
         "expected_price": line.expected_price}
        for number, line in enumerate(order.lines)
    ]  # fmt: skip
    values = {
        **vars(order),
        "shipping_address": jsonb(order.shipping_address),
        "lines": jsonb(lines),
        "event": jsonb({"currency": order.currency, "lines": len(lines)}),
    }
    inserted = database.row(_INSERT, values) or {}
    return replace(order, created_at=inserted["created_at"], updated_at=inserted["created_at"])


def save(before: Order, change: Change, *, mine: bool = True) -> Order | None:
    """Write the change, if the order is still as `before`; the saved order, or None if it is not.

    `mine` says that the caller holds the lease, which begins anew unless the change gives it back.
    """
    refuse_other_moves(before.state, change.after.state)
    if change.after.refunds == before.refunds:
        return _update(before, change, mine)
    with database.transaction():
        saved = _update(before, change, mine)
        if saved:
            _write_refunds(before, saved)
    return saved


def save_locked(before: Order, change: Change) -> Order:
    """Write the change to an order that the open transaction has locked, and that others may work on."""
    saved = save(before, change, mine=False)
    if saved is None:
        raise LookupError(f"order {before.id} changed under its lock")
    return saved


def _write_refunds(before: Order, saved: Order) -> None:
    known = {refund.id for refund in before.refunds}
    # New ones come last: the one that has failed must have made room for them.
    for refund in saved.refunds:
        if refund not in before.refunds:
            sql = _REFUND_ENDS if refund.id in known else _REFUND
            database.run(sql, {**vars(refund), "order_id": saved.id})


def write_shipment(order: Order) -> None:
    """Write the parcel the order leaves in. Joins the open transaction."""
    database.run(_SHIP, {**vars(order.shipment), "order_id": order.id})


def write_delivery(order_id: UUID, at: datetime) -> None:
    """Note that the parcel has arrived. Joins the open transaction."""
    database.run(_DELIVER, (at, order_id))


def _update(before: Order, change: Change, mine: bool) -> Order | None:
    after = change.after
    sql, values = _UPDATE, _values(before, change)
    if after.payment and after.payment != before.payment:
        sql += _PAID
        values |= {f"p_{name}": value for name, value in vars(after.payment).items()}
    if after.lines != before.lines:
        sql += _PRICED
        values["lines"] = jsonb([_price(line) for line in after.lines])
    goes_on = mine and after.lease is not None and not _asks_for_money(before, after)
    durability = "off" if goes_on else "on"
    row = database.row(sql + _END, {**values, "mine": mine, "durability": durability})
    if row is None:
        return None
    return replace(after, version=before.version + 1, updated_at=row["updated_at"])


def _asks_for_money(before: Order, after: Order) -> bool:
    """Whether the gateway will be asked for a payment or a refund that the database did not know.

    Whoever goes on with an order need not wait for the disk: if the database forgets an outcome in
    a crash, its step is repeated and comes to the same. But that money may be moved must be on the
    disk before it is: an order that had forgotten to have asked for money would end without letting
    go of it, and one that had forgotten its refund would ask for another, under another id.
    """
    return bool(after.payment and not before.payment) or len(after.refunds) > len(before.refunds)


def _values(before: Order, change: Change) -> dict[str, Any]:
    events = [
        {"number": number, "type": event.type, "data": event.data}
        for number, event in enumerate(change.events, start=1)
    ]
    return {
        **vars(change.after),
        "version": before.version,
        "seen": before.updated_at,
        "held": before.lease,
        "events": jsonb(events),
        "wait": change.wait,
    }


def _price(line: Line) -> dict[str, Any]:
    return {"sku": line.sku, "name": line.name, "unit_price": line.unit_price}
