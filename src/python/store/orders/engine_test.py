"""Cancelling, expiring and being refused, at any moment; and what the machine may not do."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from store.auth.callers import Caller
from store.database.errors import DatabaseDown
from store.orders import engine, moves
from store.orders.engine import advance, work_on
from store.orders.errors import IllegalMove, NotCancellable, NotRefundable, TooMuchRefunded
from store.orders.models import Line, Order, database, leased, order_of
from store.orders.moves import Change
from store.orders.states import MOVES, State, Step
from store.orders.testing import (
    ADDRESS,
    PRICE,
    THREE_D_SECURE,
    FakeShop,
    Fault,
    bring_to_rest,
    started,
    time_passes,
)
from store.orders.timeline import happenings_after
from store.orders.use_cases import (
    Basket,
    cancel_order,
    deliver_order,
    place_order,
    refund_order,
    settled_refund,
    ship_order,
)
from store.server.ids import new_id

Place = Callable[..., Order]


@pytest.fixture
def place(buyer: Caller, shop: FakeShop) -> Place:
    def place(quantity: int = 2, method: str = "pm_card_visa", seconds: float = 2.0) -> Order:
        basket = Basket("EUR", (Line("MUG", quantity),), method, ADDRESS)
        return place_order(buyer, basket, started(buyer), shop, seconds)

    return place


def types_of(order: Order) -> list[str]:
    return [event.type for event in happenings_after(order.id, 0, 100)]


def test_a_confirmed_order_has_told_its_way(place: Place) -> None:
    order = place()
    assert types_of(order) == [
        "order.placed",
        "order.reserved",
        "order.authorised",
        "order.committed",
        "order.confirmed",
    ]
    assert (order.lease, order.step, order.version) == (None, None, 5)


def test_a_confirmed_order_costs_four_calls_and_no_reading(
    place: Place, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()

    def listened(name: str) -> Callable[..., object]:
        real = getattr(database, name)

        def listen(*args: object) -> object:
            asked[name] += 1
            return real(*args)

        return listen

    for name in ("rows", "row", "run", "transaction"):
        monkeypatch.setattr(database, name, listened(name))
    assert place().state == State.CONFIRMED
    # The key; order and note in one transaction; four outcomes. Keeping the answer is the route's.
    assert asked == {"row": 1 + 4, "transaction": 1, "run": 2}
    calls = shop.inventory.faults.calls + shop.payments.faults.calls
    assert calls == {"reserve": 1, "authorise": 1, "commit": 1, "capture": 1}


@pytest.mark.parametrize("call", ["reserve", "authorise", "commit", "capture"])
@pytest.mark.parametrize("fault", [Fault.STOPPED_BEFORE, Fault.STOPPED_AFTER])
@pytest.mark.parametrize("overtaken", [True, False], ids=["by-a-worker", "by-the-wish-alone"])
def test_a_wish_to_cancel_at_any_moment_of_placing_ends_in_a_cancelled_order(
    place: Place, shop: FakeShop, buyer: Caller, call: str, fault: Fault, overtaken: bool
) -> None:
    def cancel() -> None:
        found = database.row("SELECT id FROM orders") or {}
        cancel_order(found["id"], buyer, shop, 0.0)
        if overtaken:
            bring_to_rest(found["id"], shop)

    faults = shop.inventory.faults if call in ("reserve", "commit") else shop.payments.faults
    faults.next(call, fault)
    faults.meanwhile = cancel
    order = bring_to_rest(place().id, shop)
    assert (order.state, order.reason) == (State.CANCELLED, "cancelled_by_buyer")
    assert (shop.payments.held(order.id), shop.payments.taken(order.id)) == (0, 0)
    assert (shop.inventory.shelf["MUG"], shop.inventory.state_of(order.id)) == (5, "released")
    assert types_of(order).count("order.cancelled") == 1


@pytest.mark.parametrize("call", ["reserve", "authorise"])
def test_an_order_that_takes_too_long_before_it_is_paid_expires(
    place: Place, shop: FakeShop, call: str
) -> None:
    faults = shop.inventory.faults if call == "reserve" else shop.payments.faults
    faults.next(call, Fault.DONE_BUT_TIMED_OUT)
    order = place(seconds=0.0) if call == "reserve" else place(seconds=0.1)
    database.run("UPDATE orders SET expires_at = now()")
    order = bring_to_rest(order.id, shop)
    assert (order.state, order.reason) == (State.REJECTED, "expired")
    assert (shop.payments.held(order.id), shop.inventory.shelf["MUG"]) == (0, 5)


def test_an_order_whose_buyer_never_passes_3d_secure_expires(place: Place, shop: FakeShop) -> None:
    order = place(method=THREE_D_SECURE)
    assert (order.state, order.step) == (State.AWAITING_PAYMENT, Step.AWAIT_BUYER)
    database.run("UPDATE orders SET expires_at = now()")
    order = bring_to_rest(order.id, shop)
    assert (order.state, order.reason) == (State.REJECTED, "expired")
    assert shop.payments.intents[next(iter(shop.payments.intents))].status == "canceled"


def test_the_hold_bounds_how_long_the_buyer_may_take(place: Place, shop: FakeShop) -> None:
    shop.inventory.hold_for = timedelta(seconds=40)
    order = place(method=THREE_D_SECURE)
    assert order.expires_at - order.created_at < timedelta(seconds=45)


def test_a_hold_that_expired_while_the_buyer_paid_is_taken_again(
    place: Place, shop: FakeShop
) -> None:
    shop.payments.faults.next("authorise", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = lambda: shop.inventory.expire(_only_id())
    order = place()
    assert (order.state, shop.inventory.shelf["MUG"]) == (State.CONFIRMED, 3)


def test_a_hold_that_expired_and_was_sold_lets_the_money_go(place: Place, shop: FakeShop) -> None:
    def expire_and_sell() -> None:
        shop.inventory.expire(_only_id())
        shop.inventory.shelf["MUG"] = 1

    shop.payments.faults.next("authorise", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = expire_and_sell
    order = place()
    assert (order.state, order.reason) == (State.REJECTED, "out_of_stock")
    assert (shop.payments.held(order.id), shop.payments.taken(order.id)) == (0, 0)


def test_an_authorisation_that_was_lost_before_the_capture_ends_the_order(
    place: Place, shop: FakeShop
) -> None:
    def lose() -> None:
        (key, intent), *_ = shop.payments.intents.items()
        shop.payments.intents[key] = replace(intent, status="canceled", capturable=0)

    shop.inventory.faults.next("commit", Fault.STOPPED_AFTER)
    shop.inventory.faults.meanwhile = lose
    order = place()
    assert (order.state, order.reason) == (State.REJECTED, "payment_declined")
    assert shop.inventory.shelf["MUG"] == 5


def test_an_error_that_the_gateway_repeats_for_a_day_is_looked_behind(
    place: Place, shop: FakeShop
) -> None:
    shop.payments.faults.next("authorise", Fault.DONE_BUT_TIMED_OUT)
    shop.payments.faults.next("find", Fault.TIMED_OUT)
    order = place(seconds=0.1)
    shop.payments.frozen = True
    order = bring_to_rest(order.id, shop)
    assert (order.state, len(shop.payments.intents)) == (State.CONFIRMED, 1)


def test_an_authorisation_that_never_was_leaves_nothing_to_undo(
    place: Place, shop: FakeShop, buyer: Caller
) -> None:
    shop.payments.frozen = True
    order = place(seconds=0.1)
    cancel_order(order.id, buyer, shop, 0.0)
    order = bring_to_rest(order.id, shop)
    assert (order.state, shop.payments.intents) == (State.CANCELLED, {})


def test_keys_that_the_gateway_has_forgotten_are_not_asked_again(
    place: Place, shop: FakeShop, buyer: Caller
) -> None:
    shop.payments.faults.next("authorise", Fault.DONE_BUT_TIMED_OUT, *[Fault.TIMED_OUT] * 5)
    order = place(seconds=0.1)
    shop.payments.keys_forgotten = True
    shop.payments.faults.waiting.clear()
    database.run("UPDATE payments SET asked_at = now() - interval '2 days'")
    cancel_order(order.id, buyer, shop, 0.0)
    order = bring_to_rest(order.id, shop)
    assert (order.state, len(shop.payments.intents)) == (State.CANCELLED, 1)
    assert shop.payments.held(order.id) == 0


def test_a_refund_older_than_its_key_is_looked_for_before_it_is_asked_again(
    place: Place, shop: FakeShop, clerk: Caller
) -> None:
    order = place()
    refund = refund_order(order.id, clerk, 500, "scratched", started(clerk))
    shop.payments.faults.next("refund", Fault.DONE_BUT_TIMED_OUT)
    settled_refund(order.id, refund, shop, 0.0)
    advance(order.id, shop, time.monotonic())
    database.run("UPDATE refunds SET created_at = now() - interval '2 days'")
    order = bring_to_rest(order.id, shop)
    assert (order.refunded, shop.payments.taken(order.id)) == (500, 2 * PRICE - 500)
    assert shop.payments.faults.calls["find_refund"] == 1


def test_only_one_may_work_on_an_order(place: Place, shop: FakeShop) -> None:
    order = place(method=THREE_D_SECURE)
    time_passes()
    first = leased(order.id, new_id())
    assert first is not None
    assert leased(order.id, new_id()) is None
    time_passes()
    second = leased(order.id, new_id())
    assert second is not None
    assert work_on(first, shop, time.monotonic() + 1).lease == second.lease
    assert order_of(order.id) == second


def test_an_order_at_rest_is_not_worked_on(place: Place, shop: FakeShop) -> None:
    assert advance(place().id, shop, time.monotonic() + 1) is None


def test_a_write_that_fails_is_tried_again_while_the_lease_is_ours(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([DatabaseDown("gone")] * 2)

    def save(*args: object, **options: object) -> Order | None:
        for failure in failures:
            raise failure
        return moves.save(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "save", save)
    monkeypatch.setattr(engine, "seconds_to_wait", lambda *_, **__: 0.0)
    assert place().state == State.CONFIRMED


def test_a_write_whose_answer_was_lost_is_not_written_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = iter([True])

    def save(*args: object, **options: object) -> Order | None:
        saved = moves.save(*args, **options)  # type: ignore[arg-type]
        if next(lost, False):
            raise DatabaseDown("gone")
        return saved

    monkeypatch.setattr(engine, "save", save)
    monkeypatch.setattr(engine, "seconds_to_wait", lambda *_, **__: 0.0)
    order = place()
    assert (order.state, types_of(order).count("order.reserved")) == (State.CONFIRMED, 1)


@pytest.mark.parametrize("amounts", [[2 * PRICE + 1], [0], [PRICE, PRICE + 1], [None, 1]])
def test_no_more_is_refunded_than_was_captured(
    place: Place, shop: FakeShop, clerk: Caller, amounts: list[int | None]
) -> None:
    order = place()
    *good, bad = amounts
    for amount in good:
        refund_order(order.id, clerk, amount, "scratched", started(clerk))
    with pytest.raises(TooMuchRefunded):
        refund_order(order.id, clerk, bad, "scratched", started(clerk))
    order = bring_to_rest(order.id, shop)
    assert order.refunded == sum(amount or order.captured for amount in good)


def test_a_refund_that_the_bank_refuses_can_be_made_again(
    place: Place, shop: FakeShop, clerk: Caller
) -> None:
    order = place()
    shop.payments.refund_status = "failed"
    refund = refund_order(order.id, clerk, None, "scratched", started(clerk))
    assert settled_refund(order.id, refund, shop, 1.0).state == "failed"
    shop.payments.refund_status = "succeeded"
    refund = refund_order(order.id, clerk, None, "scratched", started(clerk))
    assert settled_refund(order.id, refund, shop, 1.0).state == "succeeded"
    assert order_of(order.id).state == State.REFUNDED


def test_a_slow_refund_does_not_hold_up_another(
    place: Place, shop: FakeShop, clerk: Caller
) -> None:
    order = place()
    shop.payments.refund_status = "pending"
    slow = refund_order(order.id, clerk, 100, "scratched", started(clerk))
    assert settled_refund(order.id, slow, shop, 0.1).state == "pending"
    shop.payments.refund_status = "succeeded"
    quick = refund_order(order.id, clerk, 200, "scratched", started(clerk))
    assert settled_refund(order.id, quick, shop, 1.0).state == "succeeded"
    shop.payments.end_refunds("succeeded")
    order = bring_to_rest(order.id, shop)
    assert (order.refunded, order.state) == (300, State.CONFIRMED)


def test_a_cancelled_order_never_gives_up_on_the_buyers_money(
    place: Place, shop: FakeShop, buyer: Caller
) -> None:
    order = place()
    shop.payments.refund_status = "failed"
    order = cancel_order(order.id, buyer, shop, 0.1)
    assert (order.state, order.ending) == (State.CONFIRMED, State.CANCELLED)
    shop.payments.refund_status = "succeeded"
    order = bring_to_rest(order.id, shop)
    assert (order.state, order.refunded) == (State.CANCELLED, order.captured)
    assert [refund.state for refund in order.refunds] == ["failed", "succeeded"]


def test_what_has_left_or_ended_cannot_be_cancelled(
    place: Place, shop: FakeShop, buyer: Caller, clerk: Caller
) -> None:
    shipped = ship_order(place().id, clerk, "DHL", "1")
    rejected = place(quantity=9)
    for order in (shipped, rejected):
        with pytest.raises(NotCancellable):
            cancel_order(order.id, buyer, shop, 1.0)
    with pytest.raises(NotRefundable):
        refund_order(rejected.id, clerk, None, "scratched", started(clerk))


def test_a_delivered_order_can_be_refunded(place: Place, shop: FakeShop, clerk: Caller) -> None:
    order = deliver_order(ship_order(place().id, clerk, "DHL", "1").id)
    refund = refund_order(order.id, clerk, None, "broken", started(clerk))
    settled_refund(order.id, refund, shop, 1.0)
    order = order_of(order.id)
    assert (order.state, order.refunded) == (State.REFUNDED, order.total)
    assert shop.inventory.state_of(order.id) == "committed"


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_orders_move_only_as_planned(place: Place, before: State, after: State) -> None:
    if before == after or after in MOVES[before]:
        return
    order = replace(place(), state=before)
    with pytest.raises(IllegalMove):
        moves.save(order, Change(replace(order, state=after)))


def _only_id() -> UUID:
    return UUID(str((database.row("SELECT id FROM orders") or {})["id"]))
