"""Cancelling and refunding, at any moment."""

import time

import pytest

from store.auth.callers import Caller
from store.orders.conftest import Buy
from store.orders.errors import NotCancellable, NotRefundable, TooMuchRefunded
from store.orders.models.order import Order
from store.orders.models.queries import order_of
from store.orders.models.states import State
from store.orders.models.tables import database
from store.orders.models.timeline import events_after
from store.orders.saga.engine import advance
from store.orders.testing.fake_inventory import PRICE
from store.orders.testing.faults import Fault
from store.orders.testing.shop import FakeShop, bring_to_rest, started
from store.orders.use_cases.cancellation import cancel_order
from store.orders.use_cases.refunds import doubt_refund, refund_order, settled_refund
from store.orders.use_cases.shipments import deliver_order, ship_order


def types_of(order: Order) -> list[str]:
    return [event.type for event in events_after(order.id, 0, 100)]


@pytest.mark.parametrize("call", ["reserve", "authorise", "commit", "capture"])
@pytest.mark.parametrize("fault", [Fault.STOPPED_BEFORE, Fault.STOPPED_AFTER])
@pytest.mark.parametrize("overtaken", [True, False], ids=["by-a-worker", "by-the-wish-alone"])
def test_a_wish_to_cancel_at_any_moment_of_placing_ends_in_a_cancelled_order(
    buy: Buy, shop: FakeShop, buyer: Caller, call: str, fault: Fault, overtaken: bool
) -> None:
    def cancel() -> None:
        found = database.row("SELECT id FROM orders") or {}
        cancel_order(found["id"], buyer, shop, 0.0)
        if overtaken:
            bring_to_rest(found["id"], shop)

    faults = shop.inventory.faults if call in ("reserve", "commit") else shop.payments.faults
    faults.next(call, fault)
    faults.meanwhile = cancel
    order = bring_to_rest(buy().id, shop)
    assert (order.state, order.reason) == (State.CANCELLED, "cancelled_by_buyer")
    assert (shop.payments.held(order.id), shop.payments.taken(order.id)) == (0, 0)
    assert (shop.inventory.shelf["MUG"], shop.inventory.state_of(order.id)) == (5, "released")
    assert types_of(order).count("order.cancelled") == 1


def test_an_authorisation_that_never_was_leaves_nothing_to_undo(
    buy: Buy, shop: FakeShop, buyer: Caller
) -> None:
    shop.payments.frozen = True
    order = buy(seconds=0.1)
    cancel_order(order.id, buyer, shop, 0.0)
    order = bring_to_rest(order.id, shop)
    assert (order.state, shop.payments.intents) == (State.CANCELLED, {})


def test_keys_that_the_gateway_has_forgotten_are_not_asked_again(
    buy: Buy, shop: FakeShop, buyer: Caller
) -> None:
    shop.payments.faults.next("authorise", Fault.DONE_BUT_TIMED_OUT, *[Fault.TIMED_OUT] * 5)
    order = buy(seconds=0.1)
    shop.payments.keys_forgotten = True
    shop.payments.faults.waiting.clear()
    database.run("UPDATE payments SET asked_at = now() - interval '2 days'")
    cancel_order(order.id, buyer, shop, 0.0)
    order = bring_to_rest(order.id, shop)
    assert (order.state, len(shop.payments.intents)) == (State.CANCELLED, 1)
    assert shop.payments.held(order.id) == 0


def test_a_refund_older_than_its_key_is_looked_for_before_it_is_asked_again(
    buy: Buy, shop: FakeShop, clerk: Caller
) -> None:
    order = buy()
    refund = refund_order(order.id, clerk, 500, "scratched", started(clerk))
    shop.payments.faults.next("refund", Fault.DONE_BUT_TIMED_OUT)
    settled_refund(order.id, refund, shop, 0.0)
    advance(order.id, shop, time.monotonic())
    database.run("UPDATE refunds SET created_at = now() - interval '2 days'")
    order = bring_to_rest(order.id, shop)
    assert (order.refunded, shop.payments.taken(order.id)) == (500, 2 * PRICE - 500)
    assert shop.payments.faults.calls["find_refund"] == 1


@pytest.mark.parametrize("amounts", [[2 * PRICE + 1], [0], [PRICE, PRICE + 1], [None, 1]])
def test_no_more_is_refunded_than_was_captured(
    buy: Buy, shop: FakeShop, clerk: Caller, amounts: list[int | None]
) -> None:
    order = buy()
    *good, bad = amounts
    for amount in good:
        refund_order(order.id, clerk, amount, "scratched", started(clerk))
    with pytest.raises(TooMuchRefunded):
        refund_order(order.id, clerk, bad, "scratched", started(clerk))
    order = bring_to_rest(order.id, shop)
    assert order.refunded == sum(amount or order.captured for amount in good)


def test_a_refund_that_the_bank_refuses_can_be_made_again(
    buy: Buy, shop: FakeShop, clerk: Caller
) -> None:
    order = buy()
    shop.payments.refund_status = "failed"
    refund = refund_order(order.id, clerk, None, "scratched", started(clerk))
    assert settled_refund(order.id, refund, shop, 1.0).state == "failed"
    shop.payments.refund_status = "succeeded"
    refund = refund_order(order.id, clerk, None, "scratched", started(clerk))
    assert settled_refund(order.id, refund, shop, 1.0).state == "succeeded"
    assert order_of(order.id).state == State.REFUNDED


def test_a_refund_that_comes_back_days_later_can_be_made_again(
    buy: Buy, shop: FakeShop, clerk: Caller
) -> None:
    order = buy()
    refund = refund_order(order.id, clerk, None, "scratched", started(clerk))
    made = settled_refund(order.id, refund, shop, 1.0)
    shop.payments.end_refunds("failed")
    doubt_refund(str(made.gateway_id), shop)
    order = order_of(order.id)
    assert (order.state, order.refunded, order.refunds[0].state) == (State.REFUNDED, 0, "failed")
    refund = refund_order(order.id, clerk, None, "scratched", started(clerk))
    assert settled_refund(order.id, refund, shop, 1.0).state == "succeeded"
    assert (order_of(order.id).refunded, shop.payments.taken(order.id)) == (order.captured, 0)


def test_a_cancelled_order_gives_money_that_came_back_again(
    buy: Buy, shop: FakeShop, buyer: Caller
) -> None:
    order = cancel_order(buy().id, buyer, shop, 1.0)
    shop.payments.end_refunds("failed")
    for _ in range(2):
        doubt_refund(str(order.refunds[0].gateway_id), shop)
    order = bring_to_rest(order.id, shop)
    assert [refund.state for refund in order.refunds] == ["failed", "succeeded"]
    assert (order.state, shop.payments.taken(order.id)) == (State.CANCELLED, 0)


def test_a_slow_refund_does_not_hold_up_another(buy: Buy, shop: FakeShop, clerk: Caller) -> None:
    order = buy()
    shop.payments.refund_status = "pending"
    slow = refund_order(order.id, clerk, 100, "scratched", started(clerk))
    assert settled_refund(order.id, slow, shop, 0.1).state == "pending"
    shop.payments.refund_status = "succeeded"
    quick = refund_order(order.id, clerk, 200, "scratched", started(clerk))
    assert settled_refund(order.id, quick, shop, 1.0).state == "succeeded"
    shop.payments.end_refunds("succeeded")
    order = bring_to_rest(order.id, shop)
    assert (order.refunded, order.state) == (300, State.CONFIRMED)


def test_what_is_learned_of_one_refund_is_not_written_to_another(
    buy: Buy, shop: FakeShop, clerk: Caller
) -> None:
    order = buy()
    shop.payments.refund_status = "pending"
    slow = refund_order(order.id, clerk, 100, "scratched", started(clerk))
    settled_refund(order.id, slow, shop, 0.1)
    shop.payments.end_refunds("succeeded")

    def ask_for_another() -> None:
        refund_order(order.id, clerk, 200, "broken", started(clerk))

    shop.payments.faults.next("look_at_refund", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = ask_for_another
    shop.payments.refund_status = "succeeded"
    order = bring_to_rest(order.id, shop)
    assert [(refund.amount, refund.state) for refund in order.refunds] == [
        (100, "succeeded"),
        (200, "succeeded"),
    ]
    assert shop.payments.taken(order.id) == 2 * PRICE - 300


def test_a_cancelled_order_never_gives_up_on_the_buyers_money(
    buy: Buy, shop: FakeShop, buyer: Caller
) -> None:
    order = buy()
    shop.payments.refund_status = "failed"
    order = cancel_order(order.id, buyer, shop, 0.1)
    assert (order.state, order.ending) == (State.CONFIRMED, State.CANCELLED)
    shop.payments.refund_status = "succeeded"
    order = bring_to_rest(order.id, shop)
    assert (order.state, order.refunded) == (State.CANCELLED, order.captured)
    assert [refund.state for refund in order.refunds] == ["failed", "succeeded"]


def test_what_has_left_or_ended_cannot_be_cancelled(
    buy: Buy, shop: FakeShop, buyer: Caller, clerk: Caller
) -> None:
    shipped = ship_order(buy().id, clerk, "DHL", "1")
    rejected = buy(quantity=9)
    for order in (shipped, rejected):
        with pytest.raises(NotCancellable):
            cancel_order(order.id, buyer, shop, 1.0)
    with pytest.raises(NotRefundable):
        refund_order(rejected.id, clerk, None, "scratched", started(clerk))


def test_a_delivered_order_can_be_refunded(buy: Buy, shop: FakeShop, clerk: Caller) -> None:
    order = deliver_order(ship_order(buy().id, clerk, "DHL", "1").id)
    refund = refund_order(order.id, clerk, None, "broken", started(clerk))
    settled_refund(order.id, refund, shop, 1.0)
    order = order_of(order.id)
    assert (order.state, order.refunded) == (State.REFUNDED, order.total)
    assert shop.inventory.state_of(order.id) == "committed"
