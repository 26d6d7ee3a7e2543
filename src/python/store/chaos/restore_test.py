"""A database is lost and comes back as it was earlier: the audit names what no longer fits, and no more.

Whoever restores a database alone takes it back to a moment that the other three have left. This is
what an operator sees then, and what helps.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from store.audit.books.snapshots import DATABASES
from store.audit.conftest import clean  # noqa: F401 - a fixture
from store.chaos.basket import CHALLENGED
from store.chaos.own_store import OwnStore
from store.chaos.testing.restore import RestorableStore, contents, destroy, run_postgres_program
from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.testing.folders import short_folder

# What the audit is expected to say, in its own words.
ORPHANED = "no money and no stock without an order"
REFUNDS = "refunds are the same on both sides"
MONEY = ("captures equal sold orders, to the penny", "EUR")
STOCK = "a sold order has its stock, committed and booked"

Findings = set[tuple[str, str]]


@pytest.fixture(scope="module")
def store() -> Iterator[RestorableStore]:
    with (
        short_folder() as folder,
        OwnStore(folder / "own", free_base(1, 1), apis=1, workers=1, output=Output()) as own,
    ):
        backups = folder / "backups"
        backups.mkdir()
        yield RestorableStore(own, backups)


@pytest.mark.parametrize("service", DATABASES)
def test_every_database_comes_back_as_it_was(
    postgres: FleetingServer,  # noqa: F811
    clean: Mapping[str, str],  # noqa: F811
    tmp_path: Path,
    service: str,
) -> None:
    with postgres.fresh(clean[service]) as config:
        before = contents(config.url)
        run_postgres_program(config.url, tmp_path, "backup")
        destroy(config.url)
        run_postgres_program(config.url, tmp_path, "restore", "latest")
        assert contents(config.url) == before


def test_what_orders_has_lost_is_found_and_what_was_not_captured_is_released(
    store: RestorableStore,
) -> None:
    kept, given_back = store.buy(), store.buy()
    store.postgres("orders", "backup")
    sold, unpaid = store.buy(), store.buy(CHALLENGED, "awaiting_payment")
    store.refund(given_back)
    assert found_in(store.audit()) == set()

    output = store.lose_and_restore("orders")
    assert "Next: run the service's `migrate`" in output
    assert store.read(kept)["state"] == store.read(given_back)["state"] == "confirmed"
    lost = {(ORPHANED, sold), (ORPHANED, unpaid), (REFUNDS, given_back), MONEY}
    assert found_in(store.audit()) == lost

    repaired = store.audit("--repair", "--yes")
    assert {repair["subject"] for repair in repaired["repairs"]} == {f"order {unpaid}"}
    assert all(repair["done"] for repair in repaired["repairs"])
    assert found_in(repaired) == lost - {(ORPHANED, unpaid)}
    assert all(finding["person"] for _, finding in findings_of(repaired))

    store.refund_by_hand(sold)  # and tell its buyer
    assert found_in(store.audit()) == {(REFUNDS, given_back)}


def test_what_inventory_has_lost_is_found_and_what_it_still_holds_is_committed(
    store: RestorableStore,
) -> None:
    before = found_in(store.audit())
    kept, held = store.buy(), store.buy(CHALLENGED, "awaiting_payment")
    store.postgres("inventory", "backup")
    sold = store.buy()
    store.pay(held)
    assert found_in(store.audit()) == before

    store.lose_and_restore("inventory")
    assert found_in(store.audit()) - before == {(STOCK, sold), (STOCK, held)}

    repaired = store.audit("--repair", "--yes")
    assert [repair["subject"] for repair in repaired["repairs"]] == [f"order {held}"]
    assert found_in(repaired) - before == {(STOCK, sold)}

    store.take_stock_by_hand(sold)
    assert found_in(store.audit()) == before
    assert store.read(kept)["state"] == "confirmed"


def found_in(report: Any) -> Findings:
    """Which check has found something about which order, of all checks."""
    found = {
        (name, finding["subject"].removeprefix("order ")) for name, finding in findings_of(report)
    }
    assert len(found) == report["findings"]
    return found


def findings_of(report: Any) -> list[tuple[str, Any]]:
    return [(check["name"], each) for check in report["checks"] for each in check["findings"]]
