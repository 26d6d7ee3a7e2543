"""What people do with one order, as flows for the survival tests: acts, calls, and the due end."""

import contextlib
from collections.abc import Callable
from typing import ClassVar
from uuid import UUID

from store.auth.callers import Caller, Role
from store.orders.errors import LineRefused, NotCancellable, NotRefundable
from store.orders.models.order import Line, Order
from store.orders.models.queries import order_of
from store.orders.models.states import State
from store.orders.models.tables import database
from store.orders.saga.engine import is_settled
from store.orders.testing.fake_inventory import PRICE
from store.orders.testing.fake_payments import DECLINED, THREE_D_SECURE
from store.orders.testing.faults import SimulatedCrash
from store.orders.testing.shop import ADDRESS, FakeShop, bring_to_rest, fake_shop, started
from store.orders.use_cases.cancellation import cancel_order
from store.orders.use_cases.placement import Basket, place_order
from store.orders.use_cases.refunds import refund_order, settled_refund
from store.orders.use_cases.shipments import deliver_order, ship_order
from store.server.errors import Unavailable
from store.server.ids import new_id

SHELF = 5
VISA = "pm_card_visa"
REQUEST_SECONDS = 0.02  # seconds in which a request goes on by itself; then workers take over

SURVIVED = (SimulatedCrash, Unavailable, LineRefused)
"""How a request may end that met a fault: dead, without an answer, or with a definite no."""


def is_at_rest(order: Order) -> bool:
    """Whether nobody has anything left to do, not even the buyer."""
    return order.step is None


def is_asked_for(order: Order) -> bool:
    """Whether the gateway knows all refunds of the order."""
    return all(refund.gateway_id or refund.state != "pending" for refund in order.refunds)


class Flow:
    """A buyer buys two mugs. `calls` are those of an undisturbed run, in their order."""

    method: ClassVar[str] = VISA
    quantity: ClassVar[int] = 2
    expected_price: ClassVar[int] = PRICE
    sold_to_others: ClassVar[int] = 0
    calls: ClassVar[tuple[str, ...]] = ()
    ends: ClassVar[State] = State.CONFIRMED

    def __init__(self) -> None:
        self.shop: FakeShop = fake_shop(MUG=SHELF)
        self.buyer = Caller(new_id(), Role.CUSTOMER)
        self.clerk = Caller(new_id(), Role.STAFF)
        self.request_seconds = REQUEST_SECONDS

    def run(self) -> None:
        """Everything that people do; what they find impossible they leave."""
        self.place()

    def place(self) -> Order:
        line = Line("MUG", self.quantity, self.expected_price)
        basket = Basket("EUR", (line,), self.method, ADDRESS)
        with contextlib.suppress(*SURVIVED):
            place_order(self.buyer, basket, started(self.buyer), self.shop, self.request_seconds)
        return self.rest()

    def cancel(self) -> None:
        with contextlib.suppress(*SURVIVED, NotCancellable):
            cancel_order(self.order_id, self.buyer, self.shop, self.request_seconds)

    def refund(self, amount: int | None) -> None:
        with contextlib.suppress(*SURVIVED, NotRefundable):
            refund = refund_order(
                self.order_id, self.clerk, amount, "scratched", started(self.clerk)
            )
            settled_refund(self.order_id, refund, self.shop, self.request_seconds)

    def ship(self) -> None:
        ship_order(self.order_id, self.clerk, "DHL", "1")

    def deliver(self) -> None:
        deliver_order(self.order_id)

    def rest(self, until: Callable[[Order], bool] = is_settled) -> Order:
        """The order as soon as workers have brought it so far."""
        order = order_of(self.order_id)
        return order if until(order) else bring_to_rest(order.id, self.shop, until)

    def others_go_on(self) -> None:
        """What workers do while somebody sleeps over its lease."""
        bring_to_rest(self.order_id, self.shop)

    @property
    def order_id(self) -> UUID:
        (found,) = database.rows("SELECT id FROM orders WHERE buyer_id = %s", (self.buyer.id,))
        return UUID(str(found["id"]))


class Sale(Flow):
    calls = ("reserve", "authorise", "commit", "capture")


class Decline(Flow):
    method, ends = DECLINED, State.REJECTED
    calls = ("reserve", "authorise", "cancel", "release")


class SoldOut(Flow):
    quantity, ends = SHELF + 1, State.REJECTED
    calls = ("reserve", "release")


class PriceChange(Flow):
    expected_price, ends = PRICE - 1, State.REJECTED
    calls = ("reserve", "release")


class Challenge(Flow):
    """The bank asks the buyer, who passes."""

    method = THREE_D_SECURE
    calls: ClassVar[tuple[str, ...]] = ("reserve", "authorise", "look", "commit", "capture")

    def run(self) -> None:
        if self.place().state == State.AWAITING_PAYMENT:
            self.at_the_bank()

    def at_the_bank(self) -> None:
        self.answer(well=True)

    def answer(self, *, well: bool) -> None:
        intent_id = order_of(self.order_id).intent_id
        self.shop.payments.pass_challenge(intent_id, well=well)


class FailedChallenge(Challenge):
    ends = State.REJECTED
    calls = ("reserve", "authorise", "look", "cancel", "release")

    def at_the_bank(self) -> None:
        self.answer(well=False)


class ForgottenChallenge(Challenge):
    ends = State.REJECTED
    calls = ("reserve", "authorise", "cancel", "release")

    def at_the_bank(self) -> None:
        database.run("UPDATE orders SET expires_at = now() WHERE id = %s", (self.order_id,))


class CancelledChallenge(Challenge):
    ends = State.CANCELLED
    calls = ("reserve", "authorise", "cancel", "release")

    def at_the_bank(self) -> None:
        self.cancel()


class ExpiredHold(Challenge):
    """The hold runs out while the buyer is at the bank, and the units are still there."""

    def at_the_bank(self) -> None:
        self.shop.inventory.expire(self.order_id)
        self.answer(well=True)


class ExpiredHoldSoldAway(Challenge):
    """The hold runs out while the buyer is at the bank, and others take the units."""

    sold_to_others, ends = SHELF - 1, State.REJECTED
    calls = ("reserve", "authorise", "look", "commit", "cancel", "release")

    def at_the_bank(self) -> None:
        self.shop.inventory.expire(self.order_id)
        self.shop.inventory.shelf["MUG"] -= self.sold_to_others
        self.answer(well=True)


class CancelledSale(Flow):
    ends = State.CANCELLED
    calls = (*Sale.calls, "refund", "release")

    def run(self) -> None:
        self.place()
        self.cancel()


class PartlyRefunded(Flow):
    calls: ClassVar[tuple[str, ...]] = (*Sale.calls, "refund")
    amounts: ClassVar[tuple[int | None, ...]] = (100,)

    def run(self) -> None:
        self.place()
        for amount in self.amounts:
            self.refund(amount)


class WhollyRefunded(PartlyRefunded):
    ends, amounts = State.REFUNDED, (None,)


class RefundedThenCancelled(PartlyRefunded):
    ends = State.CANCELLED
    calls = (*PartlyRefunded.calls, "refund", "release")

    def run(self) -> None:
        super().run()
        self.rest()
        self.cancel()


class SlowlyRefunded(WhollyRefunded):
    """The bank needs days for the refund."""

    calls = (*WhollyRefunded.calls, "look_at_refund")

    def refund(self, amount: int | None) -> None:
        self.shop.payments.refund_status = "pending"
        super().refund(amount)
        self.rest(until=is_asked_for)
        self.shop.payments.end_refunds("succeeded")

    def others_go_on(self) -> None:
        bring_to_rest(self.order_id, self.shop, until=is_asked_for)


class DeliveredThenRefunded(PartlyRefunded):
    ends, amounts = State.REFUNDED, (None,)

    def refund(self, amount: int | None) -> None:
        if self.rest().state == State.CONFIRMED:
            self.ship()
            self.deliver()
        super().refund(amount)


FLOWS: tuple[type[Flow], ...] = (
    Sale, Decline, SoldOut, PriceChange, Challenge, FailedChallenge, ForgottenChallenge,
    CancelledChallenge, ExpiredHold, ExpiredHoldSoldAway, CancelledSale, PartlyRefunded,
    WhollyRefunded, RefundedThenCancelled, SlowlyRefunded, DeliveredThenRefunded,
)  # fmt: skip
