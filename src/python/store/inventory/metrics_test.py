"""The counters say what the database says, however often a call is repeated."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from store.inventory import metrics
from store.inventory.errors import OutOfStock, UnknownReservation, UnknownSku
from store.inventory.models.reservations import RequestedLine, answer_all
from store.inventory.models.tables import database
from store.inventory.reservations.batcher import ReservationBatcher, serve_alone
from store.inventory.reservations.lifecycle import commit, release, reserve, sweep
from store.inventory.testing.stock import add_variant, deliver, wrong_in_the_books
from store.server.ids import new_id

LONG, AT_ONCE, LONG_AGO = 900, 0, -120  # seconds

Counted = Callable[[], dict[str, int]]


@pytest.fixture(autouse=True)
def cups(database: object) -> Iterator[None]:
    """Nine cups on the shelf; afterwards the books must be right."""
    add_variant("CUP", 500)
    deliver("CUP", 9)
    yield
    assert wrong_in_the_books() == {}


def totals() -> dict[str, float]:
    shown = {
        outcome: REGISTRY.get_sample_value("inventory_reservations_total", {"outcome": outcome})
        for outcome in metrics.RESERVATION_OUTCOMES
    }
    shown["expired"] = REGISTRY.get_sample_value("inventory_reservations_expired_total")
    shown["stock_outs"] = REGISTRY.get_sample_value("inventory_stock_outs_total")
    return {name: value or 0.0 for name, value in shown.items()}


@pytest.fixture
def counted() -> Counted:
    """What this test has counted so far."""
    before = totals()

    def since() -> dict[str, int]:
        return {
            name: int(now - before[name]) for name, now in totals().items() if now != before[name]
        }

    return since


def hold(order_id: UUID, quantity: int = 1, seconds: int = LONG) -> None:
    reserve(serve_alone, order_id, "EUR", [RequestedLine("CUP", quantity)], seconds)


def test_a_sale_and_its_return_count_once_however_often_they_are_repeated(counted: Counted) -> None:
    order = new_id()
    for _ in range(3):
        hold(order)
    assert counted() == {"reserved": 1}
    for _ in range(3):
        commit(serve_alone, order)
        hold(order)
    assert counted() == {"reserved": 1, "committed": 1}
    for _ in range(3):
        release(serve_alone, order, "cancelled")
    assert counted() == {"reserved": 1, "committed": 1, "released": 1}


def test_giving_back_nothing_is_not_counted(counted: Counted) -> None:
    release(serve_alone, new_id(), "declined")
    assert counted() == {}
    ran_out = new_id()
    hold(ran_out, seconds=AT_ONCE)
    sweep()
    release(serve_alone, ran_out, "expired")
    assert counted() == {"reserved": 1, "expired": 1}


def test_each_refusal_is_counted_and_one_for_lack_of_stock_twice(counted: Counted) -> None:
    with pytest.raises(OutOfStock):
        hold(new_id(), quantity=10)
    assert counted() == {"refused": 1, "stock_outs": 1}
    with pytest.raises(UnknownSku):
        reserve(serve_alone, new_id(), "EUR", [RequestedLine("NOPE", 1)], LONG)
    with pytest.raises(UnknownReservation):
        commit(serve_alone, new_id())
    assert counted() == {"refused": 3, "stock_outs": 1}


def test_a_hold_that_ran_out_counts_once_whoever_finds_it(counted: Counted) -> None:
    orders = [new_id() for _ in range(4)]
    for order in orders:
        hold(order, seconds=AT_ONCE)
    commit(serve_alone, orders[0])
    assert counted() == {"reserved": 5, "committed": 1, "expired": 1}
    hold(new_id(), quantity=8)  # sweeps the others
    assert counted() == {"reserved": 6, "committed": 1, "expired": 4}
    sweep()
    assert counted()["expired"] == 4


def test_what_ran_out_is_counted_too_when_it_cannot_be_taken_again(counted: Counted) -> None:
    order = new_id()
    hold(order, quantity=9, seconds=AT_ONCE)
    database.run("UPDATE variants SET status = 'retired'")
    hold(order, quantity=9, seconds=AT_ONCE)
    release(serve_alone, order, "rejected")
    assert counted() == {"reserved": 2, "expired": 2}


def test_replicas_that_sweep_at_once_count_each_hold_once(counted: Counted) -> None:
    for _ in range(9):
        hold(new_id(), seconds=AT_ONCE)
    with ThreadPoolExecutor(4) as replicas:
        for swept in [replicas.submit(sweep) for _ in range(8)]:
            swept.result()
    assert counted() == {"reserved": 9, "expired": 9}


def test_buyers_in_one_batch_are_counted_once_each(counted: Counted) -> None:
    batcher = ReservationBatcher(answer_all)
    orders = [new_id() for _ in range(12)]

    def buy(order: UUID) -> None:
        with contextlib.suppress(OutOfStock):
            reserve(batcher.serve, order, "EUR", [RequestedLine("CUP", 1)], LONG)
            commit(batcher.serve, order)

    with ThreadPoolExecutor(16) as buyers:
        for bought in [buyers.submit(buy, order) for order in orders * 2]:
            bought.result()
    found = counted()
    assert (found["reserved"], found["committed"]) == (9, 9)
    assert found["refused"] == found["stock_outs"] >= 3


def test_the_sweep_shows_what_is_held_and_what_should_not_be() -> None:
    for seconds in (LONG_AGO, AT_ONCE, LONG):
        hold(new_id(), seconds=seconds)
    sweep()
    assert shown() == (3, 1)
    sweep()
    assert shown() == (1, 0)


def shown() -> tuple[float | None, float | None]:
    names = ("inventory_reservations_held", "inventory_reservations_overdue")
    held, overdue = (REGISTRY.get_sample_value(name) for name in names)
    return held, overdue


def test_a_sweep_that_fails_shows_the_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    hold(new_id(), seconds=LONG_AGO)

    def fail(_limit: int) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("store.inventory.reservations.lifecycle.expire_overdue", fail)
    with pytest.raises(ZeroDivisionError):
        sweep()
    assert shown() == (1, 1)
    monkeypatch.undo()
    sweep()


def test_no_label_is_made_of_what_a_caller_sends() -> None:
    metrics.count_refused("a code of tomorrow")
    metrics.count_served("a call of tomorrow", "a state of tomorrow")
    families = [
        family for each in (metrics.RESERVATIONS, metrics.IMPORT_ROWS) for family in each.collect()
    ]
    found = {sample.labels["outcome"] for family in families for sample in family.samples}
    assert found == {*metrics.RESERVATION_OUTCOMES, *metrics.IMPORT_OUTCOMES}
