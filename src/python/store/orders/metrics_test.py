"""What is counted about orders: each thing once, and all of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from prometheus_client import REGISTRY

from store.auth.callers import Caller
from store.metrics import exemplars
from store.orders import metrics
from store.orders.conftest import Buy, Place
from store.orders.models.order import Order
from store.orders.models.tables import database
from store.orders.saga.engine import drive
from store.orders.testing.counts import Counts, counted
from store.orders.testing.fake_payments import DECLINED
from store.orders.testing.faults import Fault
from store.orders.testing.shop import ADDRESS, FakeShop, bring_to_rest, started
from store.orders.use_cases.cancellation import cancel_order
from store.orders.use_cases.gateway_events import receive_event
from store.orders.use_cases.placement import Basket, place_order
from store.orders.use_cases.refunds import refund_order, settled_refund
from store.orders.use_cases.shipments import deliver_order, ship_order
from store.orders.worker import Worker

pytestmark = pytest.mark.usefixtures("honest_counters")

News = Callable[[], Counts]


@pytest.fixture
def news() -> News:
    """What this test has counted so far."""
    before = counted()
    return lambda: counted() - before


def attempts() -> dict[tuple[str, str], float]:
    return {
        (sample.labels["step"], sample.labels["outcome"]): sample.value
        for family in metrics.ATTEMPTS.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def timed(step: str) -> float:
    return REGISTRY.get_sample_value("order_step_duration_seconds_count", {"step": step}) or 0.0


def refund(order: Order, clerk: Caller, shop: FakeShop, amount: int | None) -> None:
    made = refund_order(order.id, clerk, amount, "scratched", started(clerk))
    settled_refund(order.id, made, shop, 2.0)


def test_an_order_counts_once_for_each_state_it_comes_to(
    buy: Buy, clerk: Caller, shop: FakeShop, news: News
) -> None:
    order = buy(2)
    confirmed = {("orders", "pending", ""): 1, ("orders", "confirmed", ""): 1, ("confirmed",): 1}
    paid = {("captured", "EUR"): order.captured, ("payments", "succeeded", ""): 1}
    assert order.captured > 100
    assert news() == confirmed | paid
    for _ in range(2):
        ship_order(order.id, clerk, "DHL", "1")
    for _ in range(2):
        deliver_order(order.id)
    arrived = {("orders", "shipped", ""): 1, ("orders", "delivered", ""): 1}
    assert news() == confirmed | paid | arrived
    refund(order, clerk, shop, 100)
    assert news() == confirmed | paid | arrived | {("refunded", "EUR"): 100}
    refund(order, clerk, shop, None)
    given_back = {("refunded", "EUR"): order.captured, ("orders", "refunded", ""): 1}
    assert news() == confirmed | paid | arrived | given_back


@pytest.mark.parametrize(
    ("method", "quantity", "seconds", "reason", "payment"),
    [
        (DECLINED, 1, 0, "payment_declined", ("payments", "declined", "generic_decline")),
        ("pm_card_visa", 9, 0, "out_of_stock", None),
        ("pm_card_visa", 1, 3600, "expired", None),
    ],
)
def test_an_order_that_is_not_sold_counts_once_with_its_reason(
    buy: Buy, shop: FakeShop, news: News, method: str, quantity: int, seconds: int,
    reason: str, payment: tuple[str, ...] | None,
) -> None:  # fmt: skip
    shop.inventory.faults.next("reserve", *[Fault.TIMED_OUT] * bool(seconds))
    order = buy(quantity, method=method, seconds=0.0)
    database.run("UPDATE orders SET expires_at = expires_at - %s * interval '1 s'", (seconds,))
    bring_to_rest(order.id, shop)
    expected = {("orders", "pending", ""): 1, ("orders", "rejected", reason): 1}
    assert news() == expected | ({payment: 1} if payment else {})


def test_a_cancellation_counts_once_by_who_wished_for_it(
    buy: Buy, buyer: Caller, clerk: Caller, shop: FakeShop, news: News
) -> None:
    mine, theirs = buy(1), buy(1)
    for _ in range(2):
        cancel_order(mine.id, buyer, shop, 2.0)
    cancel_order(theirs.id, clerk, shop, 2.0)
    found = news()
    assert found["orders", "cancelled", "cancelled_by_buyer"] == 1
    assert found["orders", "cancelled", "cancelled_by_staff"] == 1
    assert found["refunded", "EUR"] == found["captured", "EUR"] == 2 * mine.captured


def test_a_payment_that_is_let_go_is_canceled(
    buy: Buy, buyer: Caller, shop: FakeShop, news: News
) -> None:
    away = shop.inventory.faults.waiting["commit"]
    away.extend([Fault.TIMED_OUT] * 100)
    order = buy(1, seconds=0.3)
    assert order.step == "commit"
    away.clear()
    cancel_order(order.id, buyer, shop, 0.0)
    bring_to_rest(order.id, shop)
    assert news()["payments", "canceled", ""] == 1


def test_a_request_that_is_repeated_places_no_second_order(place: Place, news: News) -> None:
    answers = [place(key="the same") for _ in range(3)]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert news()["orders", "pending", ""] == 1


def test_an_order_whose_placing_is_undone_was_not_placed(
    buyer: Caller, shop: FakeShop, news: News, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = started(buyer)

    def fail(_resource_id: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(begun), "record", lambda _self, order_id: fail(order_id))
    basket = Basket("EUR", (), "pm_card_visa", ADDRESS)
    with pytest.raises(ZeroDivisionError):
        place_order(buyer, basket, begun, shop, 0.0)
    assert news() == {}


def test_several_processes_at_work_on_the_same_orders_count_each_once(
    buy: Buy, shop: FakeShop, news: News
) -> None:
    orders = [buy(1, seconds=0.0) for _ in range(5)]
    workers = [Worker(shop) for _ in range(2)]
    with ThreadPoolExecutor(6) as requests:
        going = [
            requests.submit(drive, order, shop, time.monotonic() + 5.0) for order in orders * 2
        ]
        for worker in workers:
            worker.step()
        for each in going:
            each.result()
    for worker in workers:
        worker.finish()
    found = news()
    assert found["orders", "pending", ""] == found["orders", "confirmed", ""] == 5
    assert found["payments", "succeeded", ""] == found["confirmed",] == 5


def test_each_attempt_at_a_step_is_counted_and_timed(buy: Buy, shop: FakeShop) -> None:
    before, timed_before = attempts(), timed("capture")
    shop.payments.faults.next("capture", Fault.TIMED_OUT, Fault.TIMED_OUT)
    order = buy(1, seconds=0.3)
    bring_to_rest(order.id, shop)
    now = attempts()
    seen = {key: now[key] - before[key] for key in now if now[key] != before[key]}
    assert seen["capture", "unknown"] == 2
    assert seen["capture", "done"] == seen["commit", "done"] == seen["reserve", "done"] == 1
    assert timed("capture") == timed_before + 3


def test_a_confirmation_leads_to_its_trace(buy: Buy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exemplars, "trace_id", lambda: "4bf92f3577b34da6a3ce929d0e0e4736")
    assert buy(1).state == "confirmed"
    found = [
        sample.exemplar.labels
        for family in metrics.SECONDS_TO_CONFIRM.collect()
        for sample in family.samples
        if sample.exemplar
    ]
    assert found == [{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}]


def test_a_webhook_is_new_once(shop: FakeShop) -> None:
    def received(outcome: str) -> float:
        labels = {"type": "refund.created", "outcome": outcome}
        return REGISTRY.get_sample_value("payment_webhooks_total", labels) or 0.0

    before = received("new"), received("duplicate")
    for _ in range(3):
        receive_event(webhook("evt_1", "refund.created"), shop)
    assert (received("new") - before[0], received("duplicate") - before[1]) == (1, 2)


def webhook(event_id: str, kind: str) -> bytes:
    return orjson.dumps({"id": event_id, "type": kind, "data": {"object": {}}})
