"""What the database itself refuses, whatever our code believes."""

import re

import peewee
import pytest

from store.auth.callers import Caller
from store.database.database import Database
from store.orders.conftest import Buy
from store.orders.models.order import Order
from store.orders.models.states import MOVES, State
from store.orders.models.tables import MIGRATIONS, database
from store.orders.testing.fake_inventory import PRICE
from store.orders.testing.fake_payments import DECLINED, THREE_D_SECURE
from store.orders.testing.shop import FakeShop, started
from store.orders.use_cases.refunds import refund_order, settled_refund

ROW = """
INSERT INTO orders (id, buyer_id, state, currency, payment_method, shipping_address, step, expires_at)
VALUES (gen_random_uuid(), gen_random_uuid(), %s, 'EUR', 'pm_1', '{}', %s, now())
"""


@pytest.fixture
def order(buy: Buy) -> Order:
    return buy()


def refused(sql: str, *params: object) -> str:
    """What the database says when it refuses a statement."""
    with pytest.raises(peewee.IntegrityError) as found:
        database.run(sql, params)
    return str(found.value)


def test_the_database_knows_exactly_the_planned_moves() -> None:
    source = (MIGRATIONS / "0001_orders.py").read_text()
    table = source.partition("(OLD.state, NEW.state) NOT IN (")[2].partition("THEN")[0]
    planned = {(str(before), str(after)) for before in State for after in MOVES[before]}
    assert set(re.findall(r"\('(\w+)', '(\w+)'\)", table)) == planned


def test_an_order_begins_as_pending(database: Database) -> None:
    assert "begins as pending, not confirmed" in refused(ROW, "confirmed", None)


def test_an_order_on_its_way_has_a_next_step(database: Database) -> None:
    refused(ROW, "pending", None)


@pytest.mark.parametrize("state", ["pending", "rejected", "awaiting_payment", "delivered"])
def test_an_illegal_move_is_refused(order: Order, state: str) -> None:
    assert f"cannot move from confirmed to {state}" in refused(
        "UPDATE orders SET state = %s WHERE id = %s", state, order.id
    )


@pytest.mark.parametrize(
    "change", ["buyer_id = gen_random_uuid()", "currency = 'USD'", "total = total + 1"]
)
def test_what_was_agreed_stays(order: Order, change: str) -> None:
    assert "what was agreed cannot change" in refused(f"UPDATE orders SET {change}")


def test_an_ending_is_not_changed(buy: Buy) -> None:
    buy(method=DECLINED)
    refused("UPDATE orders SET reason = 'expired'")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE order_events SET type = 'order.lost'",
        "DELETE FROM order_events",
        "TRUNCATE order_events CASCADE",
        "DELETE FROM orders",
        "DELETE FROM payments",
        "DELETE FROM refunds",
    ],
)
def test_history_is_only_added_to(order: Order, shop: FakeShop, clerk: Caller, sql: str) -> None:
    refund_order(order.id, clerk, 1, "scratched", started(clerk))
    assert "append-only" in refused(sql)


def test_a_second_capture_is_refused(order: Order) -> None:
    assert "captured once" in refused("UPDATE payments SET captured = 0")
    assert "captured once" in refused("UPDATE payments SET intent_id = 'pi_other'")
    refused("UPDATE payments SET captured = amount + 1")


def test_no_more_is_captured_than_was_authorised(buy: Buy) -> None:
    buy(method=THREE_D_SECURE)
    refused("UPDATE payments SET captured = amount, status = 'succeeded'")


def test_refunds_stay_within_the_capture(order: Order, clerk: Caller) -> None:
    refund_order(order.id, clerk, 2 * PRICE, "scratched", started(clerk))
    said = refused(
        "INSERT INTO refunds (id, order_id, amount, reason, state, requested_by) "
        "VALUES (gen_random_uuid(), %s, 1, 'again', 'pending', gen_random_uuid())",
        order.id,
    )
    assert f"refunds of {2 * PRICE + 1} exceed the {2 * PRICE} captured" in said


def test_a_refund_ends_once_and_keeps_its_amount(
    order: Order, shop: FakeShop, clerk: Caller
) -> None:
    refund = refund_order(order.id, clerk, 100, "scratched", started(clerk))
    settled_refund(order.id, refund, shop, 1.0)
    for change in ("state = 'pending'", "amount = 1"):
        assert "its amount stays, and it only ends once" in refused(f"UPDATE refunds SET {change}")


def test_an_order_is_confirmed_only_with_its_money(buy: Buy) -> None:
    buy(method=THREE_D_SECURE)
    database.run("UPDATE orders SET state = 'pending'")
    assert "cannot be confirmed: 0 of" in refused("UPDATE orders SET state = 'confirmed'")


def test_an_order_ends_only_without_money(order: Order) -> None:
    said = refused(
        "UPDATE orders SET state = 'cancelled', ending = 'cancelled', reason = 'cancelled_by_buyer'"
    )
    assert "it still holds money" in said


def test_a_sku_stands_in_one_line(order: Order) -> None:
    refused(
        "INSERT INTO order_lines (order_id, position, sku, quantity) VALUES (%s, 7, 'MUG', 1)",
        order.id,
    )
