"""Where an order can be, and the only ways from there. The steps' own table is saga/definition.py.

The database enforces the same moves by a trigger (migrations/0001_orders.py).
"""

from collections.abc import Mapping
from enum import StrEnum

from store.orders.errors import IllegalMove


class State(StrEnum):
    """What the buyer sees of the order."""

    PENDING = "pending"
    AWAITING_PAYMENT = "awaiting_payment"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    REFUNDED = "refunded"


class Step(StrEnum):
    """What has to be done next for an order; none when nothing has."""

    # Forward: take stock and money.
    RESERVE = "reserve"
    AUTHORISE = "authorise"
    AWAIT_BUYER = "await_buyer"
    COMMIT = "commit"
    CAPTURE = "capture"
    # Compensation: give both back, after a refusal or when the order is cancelled.
    VOID = "void"
    REPAY = "repay"
    RELEASE = "release"


class Reason(StrEnum):
    """Why an order ended without a sale."""

    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_DECLINED = "payment_declined"
    PRICE_CHANGED = "price_changed"
    EXPIRED = "expired"
    UNKNOWN_SKU = "unknown_sku"
    NOT_FOR_SALE = "not_for_sale"
    BY_BUYER = "cancelled_by_buyer"
    BY_STAFF = "cancelled_by_staff"


MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset(
        {State.AWAITING_PAYMENT, State.CONFIRMED, State.REJECTED, State.CANCELLED}
    ),
    State.AWAITING_PAYMENT: frozenset({State.PENDING, State.CANCELLED}),
    State.CONFIRMED: frozenset({State.SHIPPED, State.CANCELLED, State.REFUNDED}),
    State.SHIPPED: frozenset({State.DELIVERED, State.REFUNDED}),
    State.DELIVERED: frozenset({State.REFUNDED}),
    State.REJECTED: frozenset(),
    State.CANCELLED: frozenset(),
    State.REFUNDED: frozenset(),
}

ENDINGS: Mapping[State, tuple[Reason, ...]] = {
    State.REJECTED: (
        Reason.OUT_OF_STOCK,
        Reason.PAYMENT_DECLINED,
        Reason.PRICE_CHANGED,
        Reason.EXPIRED,
        Reason.UNKNOWN_SKU,
        Reason.NOT_FOR_SALE,
    ),
    State.CANCELLED: (Reason.BY_BUYER, Reason.BY_STAFF),
}
"""The states without a sale, each with the reasons there may be."""

ON_ITS_WAY = frozenset({State.PENDING, State.AWAITING_PAYMENT})
CANCELLABLE = ON_ITS_WAY | {State.CONFIRMED}
REFUNDABLE = frozenset({State.CONFIRMED, State.SHIPPED, State.DELIVERED, State.REFUNDED})
# No step moves these any more; a delivered order may still be refunded by staff.
FINAL = frozenset({State.REJECTED, State.CANCELLED, State.DELIVERED, State.REFUNDED})


def refuse_other_moves(before: State, after: State) -> None:
    """Raise IllegalMove unless the order may go from `before` to `after`; staying is fine."""
    if before != after and after not in MOVES[before]:
        raise IllegalMove(before, after)
