"""A batch is written as a whole, without the rows that cannot be."""

import threading
from collections.abc import Iterator

import pytest

from store.database.database import Database
from store.inventory.imports.batches import Author, Result, RowOutcome, write_batch
from store.inventory.imports.files import BadRow, RawRow, RowPosition
from store.inventory.imports.rows import ParsedRow, RowParser
from store.inventory.models.reservations import RequestedLine
from store.inventory.models.tables import database
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import reserve
from store.inventory.testing.stock import add_variant, deliver, stock_levels, wrong_in_the_books
from store.server.grpc.testing import wait_until
from store.server.ids import new_id

STAFF = Author(actor="staff", dry_run=False)


@pytest.fixture(autouse=True)
def books(database: Database) -> Iterator[None]:
    """Afterwards the books must be right."""
    yield
    assert wrong_in_the_books() == {}


def parsed_row(number: int, **cells: str) -> ParsedRow:
    """A row that makes sense."""
    found = RowParser().parse(RawRow(RowPosition(number, number), cells))
    assert isinstance(found, ParsedRow), found
    return found


def test_a_level_below_what_is_reserved_costs_only_its_row() -> None:
    add_variant("MUG")
    deliver("MUG", 10, "main")
    reserve(serve_alone, new_id(), "EUR", [RequestedLine("MUG", 8)], hold_seconds=60)
    batch = [
        parsed_row(2, sku="MUG", title="Best mug", stock="9", warehouse="main"),
        parsed_row(3, sku="MUG", title="Worst mug", stock="7", warehouse="main"),
        parsed_row(4, sku="CUP", title="Cup", stock="3", warehouse="main"),
    ]
    first, second, third = write_batch(batch, STAFF, "test")
    assert (first, third) == (RowOutcome.UPDATED, RowOutcome.CREATED)
    assert isinstance(second, BadRow)
    assert (second.column, second.position.row) == ("stock", 3)
    assert stock_levels() == {("MUG", "main"): (9, 8), ("CUP", "main"): (3, 0)}


def test_a_sku_that_somebody_else_creates_meanwhile_is_updated() -> None:
    batch = [parsed_row(2, sku="MUG", title="Mug"), parsed_row(3, sku="CUP", title="Cup")]
    results: list[Result] = []
    importing = threading.Thread(target=lambda: results.extend(write_batch(batch, STAFF, "test")))
    with database.transaction():
        add_variant("MUG", title="Their mug")
        importing.start()
        wait_until(somebody_waits)
    importing.join(30)
    assert results == [RowOutcome.UPDATED, RowOutcome.CREATED]
    titles = database.rows("SELECT title FROM products ORDER BY title")
    assert [row["title"] for row in titles] == ["Cup", "Mug"]


def somebody_waits() -> bool:
    """Whether a statement waits for somebody's lock."""
    return database.row("SELECT FROM pg_locks WHERE NOT granted") is not None


def test_two_imports_of_the_same_rows_at_once_agree() -> None:
    batch = [
        parsed_row(n, sku=f"MUG-{n}", title="Mug", product=f"mug-{n % 7}", category=f"c{n % 3}/d",
              price="12.90", currency="EUR", stock="5", warehouse="main")
        for n in range(2, 60)
    ]  # fmt: skip
    results: list[list[Result]] = []
    imports = [
        threading.Thread(target=lambda n=n: results.append(write_batch(batch, STAFF, f"test {n}")))
        for n in range(4)
    ]
    for each in imports:
        each.start()
    for each in imports:
        each.join(60)
    assert len(results) == 4
    outcomes = [outcome for result in results for outcome in result]
    assert outcomes.count(RowOutcome.CREATED) == len(batch)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BadRow)]
    assert len(stock_levels()) == len(batch)
    assert database.rows("SELECT count(*) AS n FROM products") == [{"n": 7}]
