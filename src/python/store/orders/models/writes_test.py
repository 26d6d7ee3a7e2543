"""Writing orders: guarded, and on the disk before anybody learns of it."""

from dataclasses import replace
from uuid import UUID

import pytest

from store.auth.callers import Caller
from store.orders.conftest import Buy
from store.orders.models.queries import lease_order, order_of
from store.orders.models.tables import database
from store.orders.models.timeline import events_after
from store.orders.models.writes import Change, Event, save
from store.orders.testing.fake_payments import THREE_D_SECURE
from store.orders.testing.faults import Fault, SimulatedCrash
from store.orders.testing.shop import FakeShop, time_passes
from store.orders.use_cases.cancellation import cancel_order
from store.server.ids import new_id


@pytest.fixture
def durability(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whether each write of an order waited for the disk."""
    found: list[str] = []
    row = database.row

    def listen(sql: str, params: object = ()) -> dict[str, object] | None:
        if isinstance(params, dict) and "durability" in params:
            found.append(params["durability"])
        return row(sql, params)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "row", listen)
    return found


def test_the_disk_is_waited_for_before_money_is_asked_for_and_at_the_end(
    buy: Buy, durability: list[str]
) -> None:
    buy()
    assert durability == ["on", "off", "off", "on"]


def test_a_refund_is_on_the_disk_before_it_is_asked_for(
    buy: Buy, shop: FakeShop, buyer: Caller, durability: list[str]
) -> None:
    def request() -> None:
        cancel_order(_only_id(), buyer, shop, 0.0)
        durability.clear()

    shop.payments.faults.next("capture", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = request
    shop.payments.faults.next("refund", Fault.CRASH_BEFORE)
    with pytest.raises(SimulatedCrash):
        buy()
    # The first was refused, as the order had changed; the second wrote the capture and the refund.
    assert durability == ["on", "on"]
    assert len(order_of(_only_id()).refunds) == 1


def test_a_wish_waits_for_the_disk_also_while_somebody_is_at_work(
    buy: Buy, shop: FakeShop, buyer: Caller, durability: list[str]
) -> None:
    def cancel() -> None:
        durability.clear()
        cancel_order(_only_id(), buyer, shop, 0.0)

    shop.payments.faults.next("capture", Fault.STOPPED_BEFORE)
    shop.payments.faults.meanwhile = cancel
    buy()
    assert durability[0] == "on"


def test_an_order_that_changed_meanwhile_is_not_written_over(buy: Buy) -> None:
    order = buy()
    note = Change(order, (Event("order.noted"),))
    assert save(order, note, mine=False) is not None
    assert save(order, note, mine=False) is None
    stolen = replace(order_of(order.id), lease=new_id())
    assert save(stolen, note) is None
    assert [event.type for event in events_after(order.id, 5, 9)] == ["order.noted"]


def test_a_version_that_comes_twice_is_not_taken_for_the_first(
    buy: Buy, shop: FakeShop, buyer: Caller
) -> None:
    """A crash of the database can forget a change; the next one then has its version, and its lease."""
    order = buy(method=THREE_D_SECURE)
    time_passes()
    known = lease_order(order.id, new_id())
    assert known is not None
    forgotten = save(known, Change(known, (Event("order.noted"),)))
    assert forgotten is not None
    back = "UPDATE orders SET version = %s, updated_at = %s"
    database.run(back, (known.version, known.updated_at))
    cancel_order(order.id, buyer, shop, 0.0)
    assert order_of(order.id).version == forgotten.version
    assert save(forgotten, Change(forgotten)) is None
    assert order_of(order.id).cancel_requested_at is not None


def _only_id() -> UUID:
    return UUID(str((database.row("SELECT id FROM orders") or {})["id"]))
