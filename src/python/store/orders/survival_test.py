"""Every step of every flow meets every fault; money and stock must be right at the end."""

import contextlib
from itertools import product
from uuid import UUID

import pytest

from store.auth.callers import Caller
from store.orders.cancelling import cancel_order
from store.orders.fake_faults import Fault, Faults, SimulatedCrash
from store.orders.fake_inventory import PRICE
from store.orders.fake_payments import DECLINED, THREE_D_SECURE
from store.orders.models import Line, Order, database
from store.orders.placing import Basket, place_order
from store.orders.refunding import refund_order, settled_refund
from store.orders.states import State
from store.orders.testing import ADDRESS, FakeShop, bring_to_rest, started

SHELF = 5
VISA = "pm_card_visa"
PATIENCE = 0.05  # seconds in which a request goes on by itself; then workers take over


class Flow:
    """What somebody does with one order, and what must come of it."""

    method, quantity, expected_price = VISA, 2, PRICE
    ends: State = State.CONFIRMED
    calls: tuple[str, ...] = ()

    def __init__(self, shop: FakeShop, buyer: Caller, clerk: Caller) -> None:
        self.shop, self.buyer, self.clerk = shop, buyer, clerk

    def run(self) -> None:
        self.place()

    def place(self) -> Order:
        line = Line("MUG", self.quantity, self.expected_price)
        basket = Basket("EUR", (line,), self.method, ADDRESS)
        with contextlib.suppress(SimulatedCrash):
            place_order(self.buyer, basket, started(self.buyer), self.shop, PATIENCE)
        return bring_to_rest(self.order_id, self.shop)

    def others_go_on(self) -> None:
        bring_to_rest(self.order_id, self.shop)

    def cancel(self) -> None:
        with contextlib.suppress(SimulatedCrash):
            cancel_order(self.order_id, self.buyer, self.shop, PATIENCE)

    @property
    def order_id(self) -> UUID:
        found = database.row("SELECT id FROM orders")
        assert found
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
    method = THREE_D_SECURE
    calls: tuple[str, ...] = ("reserve", "authorise", "look", "commit", "capture")

    def run(self) -> None:
        order = self.place()
        assert (order.state, self.shop.payments.held(order.id)) == (State.AWAITING_PAYMENT, 0)
        assert order.payment is not None
        assert order.payment.intent_id is not None
        self.shop.payments.pass_challenge(order.payment.intent_id)


class FailedChallenge(Challenge):
    ends = State.REJECTED
    calls = ("reserve", "authorise", "look", "cancel", "release")

    def run(self) -> None:
        super().run()
        intent_id = next(iter(self.shop.payments.intents))
        self.shop.payments.pass_challenge(intent_id, well=False)


class CancelledChallenge(Challenge):
    ends = State.CANCELLED
    calls = ("reserve", "authorise", "cancel", "release")

    def run(self) -> None:
        super().run()
        self.cancel()


class CancelledSale(Flow):
    ends = State.CANCELLED
    calls = ("refund", "release")

    def run(self) -> None:
        self.place()
        self.cancel()


class PartlyRefunded(Flow):
    calls: tuple[str, ...] = ("refund",)
    amounts: tuple[int | None, ...] = (100,)

    def run(self) -> None:
        self.place()
        for amount in self.amounts:
            begun = started(self.clerk)
            refund = refund_order(self.order_id, self.clerk, amount, "scratched", begun)
            with contextlib.suppress(SimulatedCrash):
                settled_refund(self.order_id, refund, self.shop, PATIENCE)


class WhollyRefunded(PartlyRefunded):
    ends, amounts = State.REFUNDED, (None,)


class RefundedThenCancelled(PartlyRefunded):
    ends = State.CANCELLED
    calls = ("refund", "release")

    def run(self) -> None:
        super().run()
        bring_to_rest(self.order_id, self.shop)
        self.cancel()


FLOWS: tuple[type[Flow], ...] = (
    Sale, Decline, SoldOut, PriceChange, Challenge, FailedChallenge, CancelledChallenge,
    CancelledSale, PartlyRefunded, WhollyRefunded, RefundedThenCancelled,
)  # fmt: skip
CASES = [
    pytest.param(flow, call, fault, id=f"{flow.__name__}-{call}-{fault.name.lower()}")
    for flow in FLOWS
    for call, fault in product(flow.calls, Fault)
]


def faults_of(shop: FakeShop, call: str) -> Faults:
    of_inventory = call in ("reserve", "commit", "release")
    return shop.inventory.faults if of_inventory else shop.payments.faults


def assert_nothing_lost(order: Order, shop: FakeShop) -> None:
    """The audit: what the order says is what the gateway and the shelf say."""
    payments, inventory = shop.payments, shop.inventory
    sold = order.state in (State.CONFIRMED, State.REFUNDED)
    paid = order.captured - order.refunded
    assert (payments.held(order.id), payments.taken(order.id)) == (0, paid)
    assert sum(payments.captures.values()) <= 1
    assert len(payments.intents) <= 1
    assert inventory.shelf["MUG"] == SHELF - (2 if sold else 0)
    assert inventory.state_of(order.id) == ("committed" if sold else "released")
    if order.state == State.CONFIRMED:
        assert order.captured == order.total
    elif not sold:
        assert paid == 0


@pytest.mark.parametrize(("flow", "call", "fault"), CASES)
def test_whatever_happens_at_any_step_money_and_stock_are_right(
    flow: type[Flow], call: str, fault: Fault, shop: FakeShop, buyer: Caller, clerk: Caller
) -> None:
    running = flow(shop, buyer, clerk)
    faults = faults_of(shop, call)
    faults.next(call, fault)
    faults.meanwhile = running.others_go_on
    running.run()
    order = bring_to_rest(running.order_id, shop)
    assert not faults.waiting[call], "the fault was never met"
    assert order.state == flow.ends
    assert_nothing_lost(order, shop)
