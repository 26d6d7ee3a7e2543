"""The list of events is what the engine really says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from store.auth.callers import Caller
from store.orders.conftest import Buy
from store.orders.models import writes
from store.orders.models.tables import database
from store.orders.testing.fake_payments import DECLINED, THREE_D_SECURE
from store.orders.testing.faults import Fault
from store.orders.testing.shop import FakeShop, bring_to_rest, started
from store.orders.use_cases.cancellation import cancel_order
from store.orders.use_cases.refunds import refund_order, settled_refund
from store.orders.use_cases.shipments import deliver_order, ship_order
from store.orders.webhooks.event_types import EVENT_TYPES, GROUPS, TEST_TYPE

Story = Callable[[Buy, FakeShop, Caller], None]


def sold_shipped_and_refunded(buy: Buy, shop: FakeShop, clerk: Caller) -> None:
    order = buy()
    ship_order(order.id, clerk, "DHL", "JD0002")
    deliver_order(order.id)
    refund = refund_order(order.id, clerk, None, "scratched", started(clerk))
    assert settled_refund(order.id, refund, shop, 1.0).state == "succeeded"


def refund_refused(buy: Buy, shop: FakeShop, clerk: Caller) -> None:
    shop.payments.refund_status = "failed"
    order = buy()
    refund = refund_order(order.id, clerk, 100, "scratched", started(clerk))
    assert settled_refund(order.id, refund, shop, 1.0).state == "failed"


def declined(buy: Buy, shop: FakeShop, clerk: Caller) -> None:
    assert buy(method=DECLINED).state == "rejected"


def cancelled_at_the_bank(buy: Buy, shop: FakeShop, clerk: Caller) -> None:
    order = buy(method=THREE_D_SECURE)
    assert order.state == "awaiting_payment"
    cancel_order(order.id, clerk, shop, 1.0)
    assert bring_to_rest(order.id, shop).state == "cancelled"


def cancelled_before_the_capture(buy: Buy, shop: FakeShop, clerk: Caller) -> None:
    shop.payments.faults.next("capture", *[Fault.TIMED_OUT] * 9)
    order = buy(seconds=0.1)
    cancel_order(order.id, clerk, shop, 0.0)
    shop.payments.faults.waiting.clear()
    assert bring_to_rest(order.id, shop).state == "cancelled"


STORIES = (
    sold_shipped_and_refunded,
    refund_refused,
    declined,
    cancelled_at_the_bank,
    cancelled_before_the_capture,
)


@pytest.fixture
def published(buy: Buy, shop: FakeShop, clerk: Caller) -> set[str]:
    """The types of the events of orders that go every way there is."""
    shop.inventory.shelf["MUG"] = 100
    for story in STORIES:
        story(buy, shop, clerk)
        shop.payments.refund_status = "succeeded"
    return {row["type"] for row in database.rows("SELECT DISTINCT type FROM order_events")}


def test_every_type_happens_and_no_other(published: set[str]) -> None:
    assert published == set(EVENT_TYPES)


def test_no_other_type_is_written_anywhere_in_the_code() -> None:
    folder = Path(writes.__file__).parent.parent
    sources = [file.read_text() for file in folder.rglob("*.py") if "_test" not in file.name]
    written = re.findall(r'\bEvent\(\s*f?"([a-z_.{}]+)"', "\n".join(sources))
    patterns = {re.sub(r"\{[^}]+\}", "[a-z_]+", name) for name in written}
    assert len(patterns) >= 12
    for pattern in patterns:
        assert any(re.fullmatch(pattern, name) for name in EVENT_TYPES), pattern


def test_groups_stand_for_what_begins_alike_and_tests_are_no_event() -> None:
    assert GROUPS == ("order.*", "payment.*", "refund.*")
    assert TEST_TYPE not in EVENT_TYPES
