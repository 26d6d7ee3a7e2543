"""A database is lost and comes back as it was earlier: the audit names what no longer fits, and no more.

Whoever restores a database alone takes it back to a moment that the other three have left. This is
what an operator sees then, and what helps.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from store.audit.snapshots import DATABASES
from store.chaos.lost_and_restored import CHALLENGED, Shop, contents, destroy, operate
from store.chaos.own_store import OwnStore
from store.database.testing import FleetingServer
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.devstack.testing import short_folder

# What the audit is expected to say, in its own words.
ORPHANED = "no money and no stock without an order"
REFUNDS = "refunds are the same on both sides"
MONEY = ("captures equal sold orders, to the penny", "EUR")
STOCK = "a sold order has its stock, committed and booked"

Findings = set[tuple[str, str]]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with (
        short_folder() as folder,
        OwnStore(folder / "own", free_base(1, 1), apis=1, workers=1, output=Output()) as store,
    ):
        backups = folder / "backups"
        backups.mkdir()
        yield Shop(store, backups)


@pytest.mark.parametrize("service", DATABASES)
def test_every_database_comes_back_as_it_was(
    postgres: FleetingServer, clean: Mapping[str, str], tmp_path: Path, service: str
) -> None:
    with postgres.fresh(clean[service]) as config:
        before = contents(config.url)
        operate(config.url, tmp_path, "backup")
        destroy(config.url)
        operate(config.url, tmp_path, "restore", "latest")
        assert contents(config.url) == before


def test_what_orders_forgot_is_named_and_what_nobody_had_taken_yet_is_let_go(shop: Shop) -> None:
    kept, given_back = shop.buy(), shop.buy()
    shop.postgres("orders", "backup")
    sold, unpaid = shop.buy(), shop.buy(CHALLENGED, "awaiting_payment")
    shop.refund(given_back)
    assert found_in(shop.audit()) == set()

    said = shop.lose_and_restore("orders")
    assert "Next: run the service's `migrate`" in said
    assert shop.look(kept)["state"] == shop.look(given_back)["state"] == "confirmed"
    lost = {(ORPHANED, sold), (ORPHANED, unpaid), (REFUNDS, given_back), MONEY}
    assert found_in(shop.audit()) == lost

    repaired = shop.audit("--repair", "--yes")
    assert {repair["subject"] for repair in repaired["repairs"]} == {f"order {unpaid}"}
    assert all(repair["done"] for repair in repaired["repairs"])
    assert found_in(repaired) == lost - {(ORPHANED, unpaid)}
    assert all(finding["person"] for _, finding in findings_of(repaired))

    shop.refund_by_hand(sold)  # and tell its buyer
    assert found_in(shop.audit()) == {(REFUNDS, given_back)}


def test_what_inventory_forgot_is_named_and_what_it_holds_still_is_taken(shop: Shop) -> None:
    before = found_in(shop.audit())
    kept, held = shop.buy(), shop.buy(CHALLENGED, "awaiting_payment")
    shop.postgres("inventory", "backup")
    sold = shop.buy()
    shop.pay(held)
    assert found_in(shop.audit()) == before

    shop.lose_and_restore("inventory")
    assert found_in(shop.audit()) - before == {(STOCK, sold), (STOCK, held)}

    repaired = shop.audit("--repair", "--yes")
    assert [repair["subject"] for repair in repaired["repairs"]] == [f"order {held}"]
    assert found_in(repaired) - before == {(STOCK, sold)}

    shop.take_stock_by_hand(sold)
    assert found_in(shop.audit()) == before
    assert shop.look(kept)["state"] == "confirmed"


def found_in(report: Any) -> Findings:
    """Which check has found something about which order, of all checks."""
    found = {
        (name, finding["subject"].removeprefix("order ")) for name, finding in findings_of(report)
    }
    assert len(found) == report["findings"]
    return found


def findings_of(report: Any) -> list[tuple[str, Any]]:
    return [(check["name"], each) for check in report["checks"] for each in check["findings"]]
