"""The audit of the survival tests: what an order says is what gateway, shelf and timeline say."""

from collections.abc import Iterator, Sequence

from store.orders.models.order import Order
from store.orders.models.states import MOVES, State
from store.orders.models.timeline import events_after
from store.orders.testing.shop import FakeShop

SOLD = frozenset({State.CONFIRMED, State.SHIPPED, State.DELIVERED, State.REFUNDED})
STATE_AFTER = {
    "order.placed": State.PENDING,
    "order.authorised": State.PENDING,
    "order.letting_go": State.PENDING,
    "order.awaiting_payment": State.AWAITING_PAYMENT,
    "order.confirmed": State.CONFIRMED,
    "order.shipped": State.SHIPPED,
    "order.delivered": State.DELIVERED,
    "order.refunded": State.REFUNDED,
    "order.rejected": State.REJECTED,
    "order.cancelled": State.CANCELLED,
}
"""The state after an event. One that was sold stays what it is while it lets go."""

AGAIN = frozenset({"refund.requested", "refund.succeeded", "refund.failed"})
"""All other events happen once to an order."""


def wrong_in_the_books(order: Order, shop: FakeShop) -> list[str]:
    """All that is wrong with an order at rest: its money, its stock, its story."""
    return [*_wrong_with_money(order, shop), *_wrong_with_stock(order, shop), *_wrong_story(order)]


def _wrong_with_money(order: Order, shop: FakeShop) -> Iterator[str]:
    payments, kept = shop.payments, order.captured - order.refunded
    intents = [key for key, owner in payments.orders.items() if owner == order.id]
    if held := payments.held(order.id):
        yield f"{held} are still held"
    if (taken := payments.taken(order.id)) != kept:
        yield f"{taken} are taken, but {kept} are written down"
    if len(intents) > 1:
        yield "the buyer was asked for money twice"
    if sum(payments.captures[key] for key in intents) > 1:
        yield "captured twice"
    if not 0 <= order.refunded <= order.captured:
        yield f"{order.refunded} of {order.captured} refunded"
    if (kept and order.state not in SOLD) or (
        order.captured != order.total and order.state in SOLD
    ):
        yield f"{order.state}, with {order.captured} captured and {order.refunded} refunded"


def _wrong_with_stock(order: Order, shop: FakeShop) -> Iterator[str]:
    due, found = (
        "committed" if order.state in SOLD else "released",
        shop.inventory.state_of(order.id),
    )
    if found != due:
        yield f"{order.state}, but its units are {found}"


def _wrong_story(order: Order) -> Iterator[str]:
    """The events count from 1 without gaps, move along legal edges, and end where the order is."""
    story = events_after(order.id, 0, 1000)
    kinds = [event.type for event in story]
    if [event.number for event in story] != list(range(1, len(story) + 1)):
        yield "the numbers of its events have gaps"
    if kinds[0] != "order.placed" or any(
        kinds.count(kind) > 1 for kind in kinds if kind not in AGAIN
    ):
        yield f"no order goes this way: {kinds}"
    if (end := _end_of(kinds)) != order.state:
        yield f"the story ends with {end}, the order is {order.state}"
    refunded = sum(event.data["amount"] for event in story if event.type == "refund.succeeded")
    returned = sum(event.data["amount"] for event in story if event.type == "refund.failed")
    if not refunded - returned <= order.refunded <= refunded:
        yield f"the story has {refunded} refunded, the order of {order.refunded}"


def _end_of(kinds: Sequence[str]) -> str:
    state = State.PENDING
    for kind in kinds:
        after = STATE_AFTER.get(kind, state)
        if after == state or (kind == "order.letting_go" and state in SOLD):
            continue
        if after not in MOVES[state]:
            return f"an illegal {kind} when {state}"
        state = after
    return state
