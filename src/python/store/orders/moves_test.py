"""Writing orders: guarded, and on the disk before anybody is told."""

from dataclasses import replace

import pytest

from store.auth.callers import Caller
from store.orders.cancelling import cancel_order
from store.orders.conftest import Buy
from store.orders.fake_faults import Fault
from store.orders.models import database, order_of
from store.orders.moves import Change, Event, save
from store.orders.testing import FakeShop
from store.orders.timeline import happenings_after
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


def test_only_the_last_outcome_of_an_order_waits_for_the_disk(
    buy: Buy, durability: list[str]
) -> None:
    buy()
    assert durability == ["off", "off", "off", "on"]


def test_a_wish_waits_for_the_disk_also_while_somebody_is_at_work(
    buy: Buy, shop: FakeShop, buyer: Caller, durability: list[str]
) -> None:
    def cancel() -> None:
        durability.clear()
        order_id = (database.row("SELECT id FROM orders") or {})["id"]
        cancel_order(order_id, buyer, shop, 0.0)

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
    assert [event.type for event in happenings_after(order.id, 5, 9)] == ["order.noted"]
