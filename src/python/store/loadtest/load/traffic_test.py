import threading
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from store.cli.errors import CannotProve
from store.loadtest.api import Api
from store.loadtest.load import traffic as traffic_module
from store.loadtest.load.intents import BuyerIntent
from store.loadtest.load.plan import Plan
from store.loadtest.load.recorder import Action, Recorder
from store.loadtest.load.traffic import Traffic
from store.loadtest.target import Target
from store.loadtest.testing.fake_shop import SKUS, FakeShop

PLAN = Plan(seed=3, rate=200, journeys=40, customers=4, think_seconds=0.0)


def run(api: Api, target: Target, plan: Plan) -> Recorder:
    traffic = Traffic(api, target, plan)
    traffic.prepare()
    return traffic.run()


def orders_of(shop: FakeShop) -> list[tuple[str, str]]:
    """Who ordered what, by number of the journey."""
    bodies = [body for _, path, _, body in shop.requests if path == "/v1/orders"]
    orders = {body["shipping_address"]["name"]: str(body["lines"]) for body in bodies}
    return sorted(orders.items())


def test_every_journey_ends_and_every_order_is_a_promise(
    api: Api, target: Target, shop: FakeShop
) -> None:
    recorder = run(api, target, PLAN)
    assert (recorder.started, recorder.finished, recorder.failures) == (40, 40, {})
    assert {promise.order_id for promise in recorder.promises} == set(shop.orders)
    for promise in recorder.promises:
        assert promise.seen_state == shop.orders[promise.order_id]["state"], promise


def test_customers_are_registered_and_logged_in_before_the_first_arrival(
    api: Api, target: Target, shop: FakeShop
) -> None:
    Traffic(api, target, PLAN).prepare()
    assert len(shop.requests_to("/v1/users")) == PLAN.customers
    assert len(shop.requests_to("/v1/sessions")) == PLAN.customers + 1  # and the staff


def test_a_slow_store_is_asked_for_the_same_and_does_not_slow_arrivals_down(
    api: Api, target: Target, shop: FakeShop
) -> None:
    quick = run(api, target, PLAN)
    orders = orders_of(shop)
    shop.requests.clear()
    shop.slow = 1.0
    slow = run(api, target, PLAN)
    assert orders_of(shop) == orders
    # All have begun long before the first has been answered.
    assert slow.last_start < 1.0
    assert min(slow.measured[Action.PLACE].seconds) >= 1.0
    assert slow.started == quick.started


def test_another_run_of_a_plan_wants_orders_of_its_own(
    api: Api, target: Target, shop: FakeShop
) -> None:
    keys = [{promise.key for promise in run(api, target, PLAN).promises} for _ in range(2)]
    assert not keys[0] & keys[1]


def test_when_too_many_are_under_way_arrivals_are_late_and_counted(
    api: Api, target: Target, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic_module, "MAX_CONCURRENT", 2)
    shop.slow = 0.2
    recorder = run(api, target, replace(PLAN, journeys=6))
    assert recorder.late > 0
    assert recorder.latest_start > 0.2
    # Who had to wait has waited from when he was due.
    assert max(recorder.measured[Action.BROWSE].seconds) > 0.2


def test_stop_lets_nobody_else_begin_and_everybody_under_way_finish(
    api: Api, target: Target, shop: FakeShop
) -> None:
    shop.slow = 0.2
    traffic = Traffic(api, target, replace(PLAN, rate=20, journeys=10_000))
    traffic.prepare()
    threading.Timer(0.5, traffic.stop).start()
    recorder = traffic.run()
    assert 0 < recorder.started < 1000
    assert (recorder.finished, recorder.failures) == (recorder.started, {})


def test_what_is_shown_meanwhile_only_grows(
    api: Api, target: Target, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic_module, "SHOWN_EVERY_SECONDS", 0.02)
    traffic, seen = Traffic(api, target, PLAN), list[int]()
    traffic.prepare()
    traffic.run(lambda recorder: seen.append(recorder.finished))
    assert len(seen) > 1
    assert all(before <= after for before, after in pairwise(seen))
    assert seen[-1] == PLAN.journeys


def test_a_bug_of_ours_is_a_failure_and_not_silence(
    api: Api, target: Target, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(BuyerIntent, "summary", property(lambda _: 1 / 0))
    recorder = run(api, target, replace(PLAN, journeys=3))
    assert recorder.failures == {("journey", "ZeroDivisionError"): 3}
    assert "broke off" in caplog.text


def test_only_the_named_items_are_bought(api: Api, target: Target, shop: FakeShop) -> None:
    run(api, target, replace(PLAN, skus=("CUP",), hot_sku="MUG", hot_share=1.0))
    bodies = [body for _, path, _, body in shop.requests if path == "/v1/orders"]
    assert {line["sku"] for body in bodies for line in body["lines"]} <= {"CUP", "MUG"}
    assert all(body["lines"][0]["sku"] == "MUG" for body in bodies)
    assert "CUP" in SKUS


def test_a_shop_with_nothing_in_stock_cannot_be_loaded(
    api: Api, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.loadtest.testing.fake_shop.SKUS", ())
    with pytest.raises(CannotProve, match="nothing in stock for EUR"):
        run(api, target, PLAN)


def test_time_begins_with_the_run_and_ends_with_it(api: Api, target: Target) -> None:
    recorder = run(api, target, replace(PLAN, journeys=5))
    taken = recorder.seconds
    time.sleep(0.05)
    assert recorder.seconds == taken
