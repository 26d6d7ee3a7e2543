"""An order with all that belongs to it, as one immutable value, and the queries that read it.

Writing is in `writes.py`: a value is read, a changed copy is made, and the difference is saved.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from store.database.database import Database
from store.orders.errors import OrderNotFound
from store.orders.states import State, Step
from store.server.paging import PageRequest

MIGRATIONS = Path(__file__).parent / "migrations"
LEASE_SECONDS = 30
"""How long an order stays with whoever took it: longer than the calls of one step may take."""

database = Database(MIGRATIONS)


@dataclass(frozen=True)
class Line:
    """One line; name and price are frozen when inventory has said them. Prices in minor units."""

    sku: str
    quantity: int
    expected_price: int | None = None
    name: str | None = None
    unit_price: int | None = None

    @property
    def total(self) -> int | None:
        """What the line costs, once the price is known."""
        return None if self.unit_price is None else self.unit_price * self.quantity


class PaymentIntent(Protocol):
    """How the gateway describes a payment. Amounts are minor units."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def capturable(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def next_action(self) -> str | None: ...
    @property
    def decline_code(self) -> str | None: ...


@dataclass(frozen=True)
class Payment:
    """The one payment of an order. `status` is the gateway's word, or `asked` before its answer.

    Source of the statuses: docs.stripe.com/payments/paymentintents/lifecycle.
    """

    amount: int
    status: str
    asked_at: datetime
    intent_id: str | None = None
    authorised: int = 0
    captured: int = 0
    next_action: str | None = None
    decline_code: str | None = None

    @property
    def is_authorised(self) -> bool:
        """Whether the money is put aside, or taken."""
        return self.status in ("requires_capture", "succeeded")

    @property
    def is_with_buyer(self) -> bool:
        """Whether the buyer, or the buyer's bank, has to act first."""
        return self.status in ("requires_action", "processing")

    @property
    def is_open(self) -> bool:
        """Whether the gateway may hold money for it, or come to."""
        return self.status != "canceled"

    def as_described(self, intent: PaymentIntent) -> "Payment":
        """The payment as the gateway now describes it."""
        return replace(
            self,
            status=intent.status,
            intent_id=intent.id,
            authorised=intent.capturable or intent.received or self.authorised,
            captured=intent.received if intent.status == "succeeded" else self.captured,
            next_action=intent.next_action,
            decline_code=intent.decline_code or self.decline_code,
        )

    def as_declined(self, intent_id: str | None, decline_code: str | None) -> "Payment":
        """The payment after a definite no: the gateway may keep an attempt that is to be cancelled."""
        return replace(
            self,
            status="requires_payment_method" if intent_id else "canceled",
            intent_id=intent_id,
            decline_code=decline_code,
            next_action=None,
        )


@dataclass(frozen=True)
class Refund:
    """Money on its way back: pending, succeeded or failed."""

    id: UUID
    amount: int
    reason: str
    state: str
    requested_by: UUID
    created_at: datetime
    gateway_id: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Shipment:
    """The parcel."""

    id: UUID
    carrier: str
    tracking_number: str
    shipped_by: UUID
    shipped_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True)
class Order:
    """An order. `version` counts its changes; `lease` is the token of whoever works on it.

    `traceparent` is the trace (W3C Trace Context) of the request that placed it, if it had one:
    whoever takes a step, wherever and whenever, continues that trace.
    """

    id: UUID
    buyer_id: UUID
    state: State
    currency: str
    payment_method: str
    shipping_address: dict[str, str]
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    lines: tuple[Line, ...]
    total: int | None = None
    step: Step | None = None
    ending: State | None = None
    reason: str | None = None
    cancel_requested_at: datetime | None = None
    cancel_requested_by: UUID | None = None
    attempts: int = 0
    lease: UUID | None = None
    version: int = 1
    traceparent: str | None = None
    payment: Payment | None = None
    refunds: tuple[Refund, ...] = ()
    shipment: Shipment | None = None

    @property
    def captured(self) -> int:
        """What the buyer has paid."""
        return self.payment.captured if self.payment else 0

    @property
    def refunded(self) -> int:
        """What the buyer has got back."""
        return sum(refund.amount for refund in self.refunds if refund.state == "succeeded")

    @property
    def refundable(self) -> int:
        """What may still be given back: captured, and not yet promised to the buyer."""
        promised = sum(refund.amount for refund in self.refunds if refund.state != "failed")
        return self.captured - promised

    @property
    def next_refund(self) -> Refund | None:
        """The refund to see to: one that was not asked for yet before one the bank is slow with."""
        pending = [refund for refund in self.refunds if refund.state == "pending"]
        return min(
            pending, key=lambda refund: (refund.gateway_id is not None, refund.id), default=None
        )

    def refund(self, refund_id: UUID | None) -> Refund:
        """One refund of this order; LookupError if it has no such one."""
        for refund in self.refunds:
            if refund.id == refund_id:
                return refund
        raise LookupError(f"order {self.id} has no refund {refund_id}")

    def with_refund(self, changed: Refund) -> "Order":
        """The order with this refund in the place of the one with its id."""
        refunds = (changed if each.id == changed.id else each for each in self.refunds)
        return replace(self, refunds=tuple(refunds))

    @property
    def known_payment(self) -> Payment:
        """The payment of an order that has got as far as having one; else LookupError."""
        if self.payment is None:
            raise LookupError(f"order {self.id} has no payment at step {self.step}")
        return self.payment

    @property
    def intent_id(self) -> str:
        """The gateway's id of the payment of an order that has one; else LookupError."""
        intent_id = self.known_payment.intent_id
        if intent_id is None:
            raise LookupError(f"order {self.id} has no payment intent at step {self.step}")
        return intent_id


_WHOLE = """
SELECT o.*,
    (SELECT json_agg(json_build_array(l.sku, l.quantity, l.expected_price, l.name, l.unit_price)
        ORDER BY l.position) FROM order_lines l WHERE l.order_id = o.id) AS lines,
    (SELECT to_json(p) FROM payments p WHERE p.order_id = o.id) AS payment,
    (SELECT json_agg(r ORDER BY r.id) FROM refunds r WHERE r.order_id = o.id) AS refunds,
    (SELECT to_json(s) FROM shipments s WHERE s.order_id = o.id) AS shipment
FROM orders o
"""
_BY_ID = f"{_WHOLE} WHERE o.id = %s"
_LOCK = "SELECT 1 AS locked FROM orders WHERE id = %s FOR UPDATE"
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
        lines=tuple(Line(*line) for line in row["lines"]),
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
