"""An order with all that belongs to it, as one immutable value.

`queries.py` reads it. `writes.py` writes it: a value is read, a changed copy is made, and the
difference is saved.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from store.orders.models.payment import Payment, Refund
from store.orders.models.states import State, Step

LEASE_SECONDS = 30
"""How long an order stays with whoever took it: longer than the calls of one step may take."""


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
