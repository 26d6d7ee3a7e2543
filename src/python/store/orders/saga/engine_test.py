"""The machine: one at a time, nothing read back, and nothing written twice."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from store.database.errors import DatabaseDown
from store.orders.conftest import Buy
from store.orders.models.order import Order
from store.orders.models.queries import lease_order, order_of
from store.orders.models.states import State
from store.orders.models.tables import database
from store.orders.models.timeline import events_after
from store.orders.saga import engine
from store.orders.saga.engine import MAX_SAVE_ATTEMPTS, advance, work_on
from store.orders.testing.fake_payments import THREE_D_SECURE
from store.orders.testing.faults import Fault
from store.orders.testing.shop import FakeShop, time_passes
from store.server.ids import new_id


def types_of(order: Order) -> list[str]:
    return [event.type for event in events_after(order.id, 0, 100)]


def test_a_confirmed_order_has_told_its_way(buy: Buy) -> None:
    order = buy()
    assert types_of(order) == [
        "order.placed",
        "order.reserved",
        "order.authorised",
        "order.committed",
        "order.confirmed",
    ]
    assert (order.lease, order.step, order.version) == (None, None, 5)


def test_a_confirmed_order_costs_four_calls_and_no_reading(
    buy: Buy, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
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
    assert buy().state == State.CONFIRMED
    # The key; order and note in one transaction; four outcomes. Keeping the answer is the route's.
    assert asked == {"row": 1 + 1 + 4, "transaction": 1, "run": 1}
    calls = shop.inventory.faults.calls + shop.payments.faults.calls
    assert calls == {"reserve": 1, "authorise": 1, "commit": 1, "capture": 1}


def test_only_one_may_work_on_an_order(buy: Buy, shop: FakeShop) -> None:
    order = buy(method=THREE_D_SECURE)
    time_passes()
    first = lease_order(order.id, new_id())
    assert first is not None
    assert lease_order(order.id, new_id()) is None
    time_passes()
    second = lease_order(order.id, new_id())
    assert second is not None
    assert work_on(first, shop, time.monotonic() + 1).lease == second.lease
    assert order_of(order.id) == second


def test_an_order_at_rest_is_not_worked_on(buy: Buy, shop: FakeShop) -> None:
    assert advance(buy().id, shop, time.monotonic() + 1) is None


def test_a_write_that_fails_is_tried_again_while_the_lease_is_ours(
    buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, real = iter([DatabaseDown("gone")] * 2), engine.save

    def save(*args: object, **options: object) -> Order | None:
        for failure in failures:
            raise failure
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "save", save)
    monkeypatch.setattr(engine, "seconds_to_wait", lambda *_, **__: 0.0)
    assert buy().state == State.CONFIRMED


def test_an_outcome_outlasts_a_database_that_is_away_for_a_moment(
    buy: Buy, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, row = iter([DatabaseDown("gone")] * (MAX_SAVE_ATTEMPTS - 1)), database.row

    def asked(*args: object) -> object:
        for failure in away:
            raise failure
        return row(*args)  # type: ignore[arg-type]

    shop.payments.faults.next("capture", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = lambda: monkeypatch.setattr(database, "row", asked)
    monkeypatch.setattr(engine, "seconds_to_wait", lambda *_, **__: 0.0)
    assert buy().state == State.CONFIRMED
    assert (next(away, None), shop.payments.faults.calls["capture"]) == (None, 1)


def test_a_write_whose_answer_was_lost_is_not_written_twice(
    buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, real = iter([True]), engine.save

    def save(*args: object, **options: object) -> Order | None:
        saved = real(*args, **options)  # type: ignore[arg-type]
        if next(lost, False):
            raise DatabaseDown("gone")
        return saved

    monkeypatch.setattr(engine, "save", save)
    monkeypatch.setattr(engine, "seconds_to_wait", lambda *_, **__: 0.0)
    order = buy()
    assert (order.state, types_of(order).count("order.reserved")) == (State.CONFIRMED, 1)
