"""The money of an order: its one payment, and what is given back of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID


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
