from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from store.proof.audit.command import Result, judged
from store.proof.audit.snapshots import Snapshot, snapshots
from store.proof.audit.testing import (
    CANCELLED,
    HOUR_AGO,
    PENDING,
    REFUNDED,
    REJECTED,
    SOLD,
    SmallStore,
)
from store.proof.errors import CannotProve

IN_TIME = "every order is final, or not yet due"
CAPTURED = "a sold order was captured once, in full"
STOCK = "a sold order has its stock, committed and booked"
PRICES = "a sold order costs what its lines do"
NO_MONEY = "a rejected or cancelled order holds no money"
NO_STOCK = "a rejected or cancelled order holds no stock"
REFUNDS = "refunds are the same on both sides"
AGREE = "orders and gateway agree on the payment"
ORPHANS = "no payment or reservation without an order"
PENNY = "captures equal sold orders, to the penny"
LEVELS = "the ledger adds up to the level of its shelf"
CHAIN = "every line of the ledger follows from the one before"
HELD = "what a shelf has reserved is what is held"
BUYERS = "every order has a buyer whom users knows"


def audit_of(small_store: SmallStore, grace: int = 60) -> Result:
    with snapshots(small_store.urls) as taken:
        return judged(taken, taken["orders"].taken_at - timedelta(seconds=grace))


def found_in(result: Result) -> set[str]:
    return {tally.name for tally in result.tallies if tally.found}


def test_a_store_where_all_is_well_has_no_findings(small_store: SmallStore) -> None:
    result = audit_of(small_store)
    assert [tally.findings for tally in result.tallies if tally.findings] == []
    assert all(tally.counted for tally in result.tallies), "every check has looked at something"


def test_the_money_is_added_up_per_currency(small_store: SmallStore) -> None:
    total = audit_of(small_store).totals.by_currency["EUR"]
    assert (total.orders, total.sold, total.captured) == (2, 5000, 7000)
    assert (total.given_back, total.kept, total.refunded) == (2000, 5000, 3000)


@dataclass(frozen=True)
class Planted:
    """What somebody did to a database, and which checks are to notice."""

    service: str
    sql: str
    noticed_by: set[str]


def intent(order_id: str, status: str, received: int = 0) -> str:
    return f"""
        INSERT INTO payment_intents (id, amount, currency, status, capture_method, payment_method,
            amount_received, client_secret, metadata, options, created_at)
        VALUES ('pi_planted', 500, 'eur', '{status}', 'manual', 'pm_card_visa', {received}, 'x',
            '{{"order_id": "{order_id}"}}', '{{}}', {HOUR_AGO})
    """


NOBODY = str(UUID(int=99))
VIOLATIONS = {
    "an order hangs": Planted(
        "orders",
        f"UPDATE orders SET expires_at = {HOUR_AGO} WHERE id = '{PENDING}'",
        {IN_TIME},
    ),
    "a cancellation of a sold order hangs": Planted(
        "orders",
        f"UPDATE orders SET step = 'repay', ending = 'cancelled', reason = 'cancelled_by_staff', "
        f"expires_at = {HOUR_AGO} WHERE id = '{SOLD}'",
        {IN_TIME},
    ),
    "an order was charged twice": Planted(
        "gateway", intent(SOLD, "succeeded", 500), {CAPTURED, PENNY}
    ),
    "a sold order has a second authorisation": Planted(
        "gateway", intent(SOLD, "requires_capture"), {CAPTURED}
    ),
    "a sold order was captured for less": Planted(
        "gateway",
        "UPDATE payment_intents SET amount_received = 1999 WHERE id = 'pi_sold';"
        "UPDATE charges SET amount_captured = 1999 WHERE id = 'ch_sold'",
        {CAPTURED, AGREE, PENNY},
    ),
    "a sold order was captured in another currency": Planted(
        "gateway",
        "UPDATE payment_intents SET currency = 'usd' WHERE id = 'pi_sold'",
        {CAPTURED, PENNY},
    ),
    "the payment of a sold order is lost": Planted(
        "gateway",
        "DELETE FROM charges WHERE id = 'ch_sold'; DELETE FROM payment_intents WHERE id = 'pi_sold'",
        {CAPTURED, AGREE, PENNY},
    ),
    "a sold order's stock was never committed": Planted(
        "inventory",
        f"UPDATE reservations SET state = 'expired' WHERE order_id = '{SOLD}'",
        {STOCK},
    ),
    "a sold order's stock was committed with other lines": Planted(
        "inventory",
        f"UPDATE reservation_lines SET quantity = 1 WHERE order_id = '{SOLD}'",
        {STOCK},
    ),
    "a sold order's stock was booked twice": Planted(
        "inventory",
        f"INSERT INTO stock_movements (id, sku, warehouse, kind, quantity, on_hand_after, reference, "
        f"actor, created_at) VALUES ('{UUID(int=10**30)}', 'MUG', 'berlin', 'sold', -2, 93, "
        f"'{SOLD}-again', 'x', {HOUR_AGO}); UPDATE stock SET on_hand = 93",
        {ORPHANS},
    ),
    "a sold order has no reservation": Planted(
        "inventory",
        f"DELETE FROM reservation_lines WHERE order_id = '{SOLD}';"
        f"DELETE FROM reservations WHERE order_id = '{SOLD}'",
        {STOCK, PRICES},
    ),
    "a sold order's total is not that of its lines": Planted(
        "orders",
        f"UPDATE order_lines SET unit_price = 999 WHERE order_id = '{SOLD}'",
        {PRICES},
    ),
    "a rejected order still holds the buyer's money": Planted(
        "gateway", intent(REJECTED, "requires_capture"), {NO_MONEY}
    ),
    "a rejected order was charged": Planted(
        "gateway", intent(REJECTED, "succeeded", 500), {NO_MONEY, AGREE, PENNY}
    ),
    "a cancelled order's money was given back in part": Planted(
        "gateway",
        "UPDATE refunds SET amount = 1500 WHERE id = 're_1'",
        {NO_MONEY, REFUNDS, PENNY},
    ),
    "a cancelled order still has its stock": Planted(
        "inventory",
        f"UPDATE reservations SET state = 'committed' WHERE order_id = '{CANCELLED}'",
        {NO_STOCK},
    ),
    "a cancelled order's stock never came back": Planted(
        "inventory",
        f"DELETE FROM stock_movements WHERE kind = 'returned' AND reference = '{CANCELLED}'",
        {NO_STOCK, LEVELS, CHAIN},
    ),
    "the gateway refunded more than orders knows": Planted(
        "gateway",
        f"INSERT INTO refunds (id, charge, payment_intent, amount, currency, status, metadata, "
        f"created_at) VALUES ('re_3', 'ch_sold', 'pi_sold', 5, 'eur', 'succeeded', '{{}}', {HOUR_AGO})",
        {REFUNDS},
    ),
    "a refund never reached the gateway": Planted(
        "gateway", "DELETE FROM refunds WHERE id = 're_2'", {REFUNDS}
    ),
    "a refund waits on one side alone": Planted(
        "gateway",
        f"INSERT INTO refunds (id, charge, payment_intent, amount, currency, status, metadata, "
        f"created_at) VALUES ('re_3', 'ch_sold', 'pi_sold', 5, 'eur', 'pending', '{{}}', {HOUR_AGO})",
        {REFUNDS},
    ),
    "orders believes that a payment was another": Planted(
        "orders",
        f"UPDATE payments SET intent_id = 'pi_other' WHERE order_id = '{SOLD}'",
        {AGREE},
    ),
    "there is a payment without an order": Planted(
        "gateway", intent(NOBODY, "requires_capture"), {ORPHANS}
    ),
    "there is a payment that names no order": Planted(
        "gateway",
        intent(NOBODY, "succeeded", 500) + "; UPDATE payment_intents SET metadata = '{}' "
        "WHERE id = 'pi_planted'",
        {ORPHANS, PENNY},
    ),
    "there is a reservation without an order": Planted(
        "inventory",
        f"INSERT INTO reservations (order_id, state, currency, total, expires_at, updated_at) "
        f"VALUES ('{NOBODY}', 'held', 'EUR', 1, now(), {HOUR_AGO})",
        {ORPHANS},
    ),
    "a level was changed past the ledger": Planted(
        "inventory", "UPDATE stock SET on_hand = on_hand + 1", {LEVELS}
    ),
    "a line of the ledger was rewritten": Planted(
        "inventory",
        "UPDATE stock_movements SET on_hand_after = 97 WHERE on_hand_after = 96",
        {CHAIN},
    ),
    "a line of the ledger was removed": Planted(
        "inventory", "DELETE FROM stock_movements WHERE kind = 'received'", {LEVELS, CHAIN}
    ),
    "units are reserved for nobody": Planted(
        "inventory", "UPDATE stock SET reserved = reserved + 1", {HELD}
    ),
    "units are held but not reserved": Planted(
        "inventory", "UPDATE stock SET reserved = 0", {HELD}
    ),
    "a buyer is lost": Planted("users", "DELETE FROM users", {BUYERS}),
}


@pytest.mark.parametrize("planted", VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_it_is_found_when(small_store: SmallStore, planted: Planted) -> None:
    small_store.plant(planted.service, planted.sql)
    assert found_in(audit_of(small_store)) == planted.noticed_by


def test_a_finding_names_the_order_and_says_what_was_expected_and_what_was_found(
    small_store: SmallStore,
) -> None:
    small_store.plant("gateway", intent(SOLD, "succeeded", 500))
    tally = next(tally for tally in audit_of(small_store).tallies if tally.name == CAPTURED)
    (finding,) = tally.findings
    assert finding.subject == f"order {SOLD}"
    assert finding.expected == "one capture of 2000 EUR"
    assert finding.found == "2000 EUR (pi_sold, succeeded), 500 EUR (pi_planted, succeeded)"


def test_what_changed_a_moment_ago_is_not_judged(small_store: SmallStore) -> None:
    small_store.plant("gateway", intent(REJECTED, "succeeded", 500).replace(HOUR_AGO, "now()"))
    result = audit_of(small_store)
    assert (found_in(result), result.not_judged) == (set(), 1)
    assert NO_MONEY in found_in(audit_of(small_store, grace=-60))


def test_changes_during_the_audit_are_not_seen(small_store: SmallStore) -> None:
    small_store.plant("gateway", "SELECT")  # the copy that is changed while it is read
    small_store.plant("orders", "SELECT")
    with snapshots(small_store.urls) as taken:
        small_store.plant("gateway", "DELETE FROM refunds")
        small_store.plant("orders", f"UPDATE orders SET total = 1 WHERE id = '{REFUNDED}'")
        assert found_in(judged(taken, taken["orders"].taken_at)) == set()


def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    small_store: SmallStore,
) -> None:
    with pytest.raises(CannotProve, match="database of orders cannot be reached") as trouble:
        Snapshot("orders", "postgresql://orders:geheim@127.0.0.1:9/orders")
    assert "geheim" not in trouble.value.message
    assert trouble.value.exit_code == 2


def test_an_audit_cannot_write(small_store: SmallStore) -> None:
    with snapshots(small_store.urls) as taken, pytest.raises(CannotProve, match="read-only"):
        list(taken["orders"].rows("SELECT nextval('order_events_id_seq')"))
