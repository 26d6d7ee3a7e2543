"""The way to a sale, when something comes between."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from store.orders.conftest import Buy
from store.orders.models.states import State, Step
from store.orders.models.tables import database
from store.orders.testing.fake_payments import THREE_D_SECURE
from store.orders.testing.faults import Fault
from store.orders.testing.shop import FakeShop, bring_to_rest


@pytest.mark.parametrize("call", ["reserve", "authorise"])
def test_an_order_that_takes_too_long_before_it_is_paid_expires(
    buy: Buy, shop: FakeShop, call: str
) -> None:
    faults = shop.inventory.faults if call == "reserve" else shop.payments.faults
    faults.next(call, Fault.DONE_BUT_TIMED_OUT)
    order = buy(seconds=0.0) if call == "reserve" else buy(seconds=0.1)
    database.run("UPDATE orders SET expires_at = now()")
    order = bring_to_rest(order.id, shop)
    assert (order.state, order.reason) == (State.REJECTED, "expired")
    assert (shop.payments.held(order.id), shop.inventory.shelf["MUG"]) == (0, 5)


def test_an_order_whose_buyer_never_passes_3d_secure_expires(buy: Buy, shop: FakeShop) -> None:
    order = buy(method=THREE_D_SECURE)
    assert (order.state, order.step) == (State.AWAITING_PAYMENT, Step.AWAIT_BUYER)
    database.run("UPDATE orders SET expires_at = now()")
    order = bring_to_rest(order.id, shop)
    assert (order.state, order.reason) == (State.REJECTED, "expired")
    assert shop.payments.intents[next(iter(shop.payments.intents))].status == "canceled"


def test_the_hold_bounds_how_long_the_buyer_may_take(buy: Buy, shop: FakeShop) -> None:
    shop.inventory.hold_for = timedelta(seconds=40)
    order = buy(method=THREE_D_SECURE)
    assert order.expires_at - order.created_at < timedelta(seconds=45)


def test_a_hold_that_expired_while_the_buyer_paid_is_taken_again(buy: Buy, shop: FakeShop) -> None:
    shop.payments.faults.next("authorise", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = lambda: shop.inventory.expire(_only_id())
    order = buy()
    assert (order.state, shop.inventory.shelf["MUG"]) == (State.CONFIRMED, 3)


def test_a_hold_that_expired_and_was_sold_lets_the_money_go(buy: Buy, shop: FakeShop) -> None:
    def expire_and_sell() -> None:
        shop.inventory.expire(_only_id())
        shop.inventory.shelf["MUG"] = 1

    shop.payments.faults.next("authorise", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = expire_and_sell
    order = buy()
    assert (order.state, order.reason) == (State.REJECTED, "out_of_stock")
    assert (shop.payments.held(order.id), shop.payments.taken(order.id)) == (0, 0)


def test_an_authorisation_that_was_lost_before_the_capture_ends_the_order(
    buy: Buy, shop: FakeShop
) -> None:
    def lose() -> None:
        (key, intent), *_ = shop.payments.intents.items()
        shop.payments.intents[key] = replace(intent, status="canceled", capturable=0)

    shop.inventory.faults.next("commit", Fault.STOPPED_AFTER)
    shop.inventory.faults.meanwhile = lose
    order = buy()
    assert (order.state, order.reason) == (State.REJECTED, "payment_declined")
    assert shop.inventory.shelf["MUG"] == 5


def test_an_error_that_the_gateway_repeats_for_a_day_is_looked_behind(
    buy: Buy, shop: FakeShop
) -> None:
    shop.payments.faults.next("authorise", Fault.DONE_BUT_TIMED_OUT)
    shop.payments.faults.next("find", Fault.TIMED_OUT)
    order = buy(seconds=0.1)
    shop.payments.frozen = True
    order = bring_to_rest(order.id, shop)
    assert (order.state, len(shop.payments.intents)) == (State.CONFIRMED, 1)


def _only_id() -> UUID:
    return UUID(str((database.row("SELECT id FROM orders") or {})["id"]))
