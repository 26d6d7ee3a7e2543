import csv
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from store.loadtest.replay.command import replay as command
from store.testing.fake_store import FakeStore, serving

CONFIRMED = (201, {"id": "7", "state": "confirmed"})
REJECTED = (201, {"id": "8", "state": "rejected", "reason": "out_of_stock"})
PENDING = (202, {"id": "9", "state": "pending"})


@pytest.fixture
def invoices(tmp_path: Path) -> Path:
    """Three orders of two customers, and a cancellation."""
    file = tmp_path / "invoices.csv"
    with file.open("w", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(("order", "time", "customer", "sku", "quantity"))
        rows.writerows((number, f"2010-12-0{number}", number % 2, "MUG", 2) for number in (1, 2, 3))
        rows.writerow(("C4", "2010-12-04", "1", "MUG", "-2"))
    return file


def replay(store: FakeStore, file: Path, *options: str) -> Result:
    with serving(store) as url:
        urls = ["--users-url", url, "--orders-url", url]
        arguments = [str(file), *urls, "--journal", str(file.with_suffix(".notes"))]
        environ = {"REPLAY_SECRET": "secret", "COLUMNS": "120"}
        return CliRunner().invoke(command, [*arguments, "--customers", "2", *options], env=environ)


def orders_placed(store: FakeStore) -> int:
    return len(store.requests_to("/v1/orders"))


def test_every_order_of_the_file_is_placed_and_its_outcome_shown(invoices: Path) -> None:
    store = FakeStore(answers=[CONFIRMED, CONFIRMED, REJECTED])
    result = replay(store, invoices)
    assert result.exit_code == 0, result.output
    assert (orders_placed(store), len(store.requests_to("/v1/users"))) == (3, 2)
    for text in ("confirmed", "out_of_stock", "a cancellation", "orders/s", "p99"):
        assert text in result.output


def test_a_second_replay_of_the_same_file_places_nothing(invoices: Path) -> None:
    replay(FakeStore(answers=[CONFIRMED] * 3), invoices)
    again = FakeStore()
    result = replay(again, invoices)
    assert (result.exit_code, orders_placed(again)) == (0, 0)
    assert "3 orders were done by an earlier run" in result.output


def test_only_the_first_orders_are_placed_when_that_is_wanted(invoices: Path) -> None:
    store = FakeStore(answers=[CONFIRMED])
    assert replay(store, invoices, "--limit", "1").exit_code == 0
    assert orders_placed(store) == 1


def test_an_order_that_does_not_end_fails_the_replay_and_is_tried_again_by_the_next(
    invoices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.loadtest.replay.orders.FINAL_SECONDS", 0.0)
    first = replay(FakeStore(answers=[PENDING, CONFIRMED, CONFIRMED]), invoices)
    assert first.exit_code == 1
    assert "Orders that have not ended: 1." in first.output
    again = FakeStore(answers=[CONFIRMED])
    assert replay(again, invoices).exit_code == 0
    assert orders_placed(again) == 1


def test_ctrl_c_stops_it_and_says_how_to_go_on(invoices: Path) -> None:
    class Interrupted(FakeStore):
        def order(self) -> tuple[int, dict[str, object]]:
            os.kill(os.getpid(), signal.SIGINT)
            return 503, {}

    result = replay(Interrupted(), invoices)
    assert result.exit_code == 130
    assert "Run the same command again to go on" in result.output


def test_a_store_that_is_not_there_is_one_clear_message_at_once(invoices: Path) -> None:
    nowhere = ["--users-url", "http://127.0.0.1:9", "--orders-url", "http://127.0.0.1:9"]
    notes = ["--journal", str(invoices.with_suffix(".notes"))]
    result = CliRunner().invoke(
        command, [str(invoices), *nowhere, *notes], env={"REPLAY_SECRET": "x"}
    )
    assert result.exit_code == 2
    assert "Nothing answers at http://127.0.0.1:9" in result.output


def test_a_foreign_store_needs_a_secret_for_its_customers(invoices: Path) -> None:
    nowhere = ["--users-url", "http://127.0.0.1:9", "--orders-url", "http://127.0.0.1:9"]
    result = CliRunner().invoke(command, [str(invoices), *nowhere], env={})
    assert (result.exit_code, "Set REPLAY_SECRET" in result.output) == (2, True)
