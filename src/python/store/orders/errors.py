"""What goes wrong with orders, in the shop's words.

StoreError
├── Refusal 422             a definite no from inventory: the order is undone and ends
│   ├── OutOfStock, UnknownSku, NotForSale, HoldReleased
├── PaymentDeclined 402     a definite no from the payment gateway
├── Conflict 409
│   ├── NotCancellable, NotShippable, NotDelivered, AlreadyShipped, NotRefundable
├── Unprocessable 422
│   └── LineRefused, TooMuchRefunded
├── BadSignature 400        a webhook that the gateway did not sign
└── LeaseLost, IllegalMove  never seen by a caller unless there is a bug
"""

from typing import ClassVar

from store.server.errors import (
    BadRequest,
    Conflict,
    NotFound,
    StoreError,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)


class Refusal(Unprocessable):
    """Inventory says no, and asking again changes nothing. `code` is the reason."""


class OutOfStock(Refusal):
    """There is too little of an item."""

    code = "out_of_stock"

    def __init__(self, sku: str, left: int) -> None:
        super().__init__(f"Only {left} of {sku} left.", sku=sku, left=left)


class UnknownSku(Refusal):
    """There is no such item."""

    code = "unknown_sku"

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no item {sku}.", sku=sku)


class NotForSale(Refusal):
    """The item is retired, or has no price in the currency of the order."""

    code = "not_for_sale"

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is not sold in this currency, or not any more.", sku=sku)


class HoldReleased(Refusal):
    """What was held for the order has been given back for good, or inventory knows nothing of it."""

    code = "expired"

    def __init__(self) -> None:
        super().__init__("The stock held for this order has been given back.")


class PaymentDeclined(StoreError):
    """The gateway refuses the payment for good. `intent_id` is the attempt it made, if it made one."""

    status = 402
    code = "payment_declined"
    title = "Payment Declined"

    def __init__(self, decline_code: str, intent_id: str | None = None) -> None:
        super().__init__(f"The payment was declined: {decline_code}.", decline_code=decline_code)
        self.decline_code = decline_code
        self.intent_id = intent_id


class PaymentUnknown(Unavailable):
    """The gateway gave no definite answer: it may have done what we asked, or not."""

    code = "payment_unknown"


class PaymentFrozen(PaymentUnknown):
    """The gateway gives no other answer for this key for a day: what it has done has to be looked for."""


class OrderNotFound(NotFound):
    """There is no such order, or it is another buyer's."""

    code = "order_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such order.")


_LINE_REFUSALS = {
    "unknown_sku": "There is no item with this SKU.",
    "not_for_sale": "This item is not sold in this currency, or not any more.",
}


class LineRefused(Unprocessable):
    """A line asks for something that the shop does not sell."""

    def __init__(self, position: int, reason: str) -> None:
        field, sentence = f"lines.{position}.sku", _LINE_REFUSALS[reason]
        errors = [{"field": field, "reason": sentence}]
        super().__init__(f"{field}: {sentence}", reason=reason, errors=errors)


class NotNow(Conflict):
    """The order's state does not allow this."""

    action: ClassVar[str] = "changed"

    def __init__(self, state: str) -> None:
        super().__init__(f"An order that is {state} cannot be {self.action}.", state=state)


class NotCancellable(NotNow):
    """Too late to cancel."""

    code = "not_cancellable"
    action = "cancelled"


class NotShippable(NotNow):
    """Only a confirmed order that nobody is cancelling can be shipped."""

    code = "not_shippable"
    action = "shipped"


class NotDelivered(NotNow):
    """Only a shipped order can be marked as delivered."""

    code = "not_shipped"
    action = "marked as delivered"


class NotRefundable(NotNow):
    """Nothing has been captured, or the order is being cancelled, which gives all money back."""

    code = "not_refundable"
    action = "refunded"


class AlreadyShipped(Conflict):
    """The order has left with another parcel."""

    code = "already_shipped"

    def __init__(self) -> None:
        super().__init__("The order has already been shipped with another tracking number.")


class TooMuchRefunded(Unprocessable):
    """More would be given back than was captured."""

    code = "refund_exceeds_capture"

    def __init__(self, left: int) -> None:
        errors = [{"field": "amount", "reason": f"Must be from 1 to {left}."}]
        super().__init__(f"At most {left} can still be refunded.", left=left, errors=errors)


class BadSignature(BadRequest):
    """The webhook was not signed by the payment gateway, or long ago."""

    code = "bad_signature"

    def __init__(self) -> None:
        super().__init__("The Stripe-Signature header does not fit this body.")


class BadWebhook(BadRequest):
    """The webhook is no event of the gateway."""

    code = "bad_webhook"

    def __init__(self) -> None:
        super().__init__("This body is no event of the payment gateway.")


class TooManyStreams(TooManyRequests):
    """This process serves as many live timelines as it can."""

    code = "too_many_streams"

    def __init__(self) -> None:
        super().__init__("Too many live timelines are open; try again soon.", retry_after=5.0)


class LeaseLost(StoreError):
    """Somebody else has taken the order over; what we know must not be written."""

    code = "lease_lost"

    def __init__(self) -> None:
        super().__init__("Another process has taken this order over.")


class IllegalMove(StoreError):
    """A bug: the plan does not know this move."""

    code = "illegal_move"

    def __init__(self, before: str, after: str) -> None:
        super().__init__(f"No order moves from {before} to {after}.")
