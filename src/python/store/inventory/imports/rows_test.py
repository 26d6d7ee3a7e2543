"""What the cells of an import mean."""

import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from store.inventory.imports.columns import minor_units
from store.inventory.imports.files import BadRow, RawRow, RowPosition
from store.inventory.imports.rows import ParsedRow, RowParser
from store.server.errors import Invalid

POSITION = RowPosition(2, 2)
GOOD = {"sku": "MUG", "title": "Mug", "price": "12.90", "currency": "EUR"}


def read(cells: dict[str, str], parser: RowParser | None = None) -> ParsedRow | list[BadRow]:
    return (parser or RowParser()).parse(RawRow(POSITION, cells))


def values(cells: dict[str, str], parser: RowParser | None = None) -> dict[str, Any]:
    row = read(cells, parser)
    assert isinstance(row, ParsedRow), row
    return dict(row.values)


def wrong(cells: dict[str, str], parser: RowParser | None = None) -> dict[str | None, str]:
    bad = read(cells, parser)
    assert isinstance(bad, list), bad
    return {each.column: each.reason for each in bad}


def test_every_column_has_its_meaning() -> None:
    cells = GOOD | {
        "description": "Two\r\nlines",
        "category": "Kitchen/Tea & coffee",
        "product": "mug",
        "variant": "red",
        "stock": "5",
        "warehouse": "main",
        "image": "https://i.example/1.jpg  https://i.example/2.jpg",
        "attributes.Colour": "red",
    }
    row = read(cells)
    assert isinstance(row, ParsedRow)
    assert row.sku == "MUG"
    assert row.values == {
        "title": "Mug",
        "description": "Two\nlines",
        "category": (("kitchen", "Kitchen"), ("tea-coffee", "Tea & coffee")),
        "product": "mug",
        "variant": "red",
        "price": ("EUR", 1290),
        "stock": ("main", 5),
        "image": ["https://i.example/1.jpg", "https://i.example/2.jpg"],
        "attributes": {"Colour": "red"},
    }


def test_an_empty_cell_changes_nothing() -> None:
    cells = dict.fromkeys(("description", "category", "stock", "image", "attributes.colour"), " ")
    assert values({"sku": "MUG", **cells}) == {}


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("sku", "", "Is empty."),
        ("sku", "a b", "Must be letters, digits, '.', '_' or '-', at most 64."),
        ("sku", "A" * 65, "Must be letters, digits, '.', '_' or '-', at most 64."),
        ("title", " ", "Is empty."),
        ("title", "x" * 201, "Must have at most 200 characters."),
        ("title", "a\0b", "Must not contain control characters."),
        ("title", "a\nb", "Must not contain control characters."),
        ("title", "\udcff", "Is not UTF-8."),
        ("description", "x" * 10_001, "Must have at most 10000 characters."),
        ("description", "a\0b", "Must not contain control characters."),
        ("category", "a//b", 'Must be a path such as "kitchen/mugs", with a letter or digit in each part.'),
        ("category", "x" * 65, "Must have at most 64 characters in each part, and 400 in all."),
        ("category", "/".join("abcdefghij" * 40), "Must have at most 64 characters in each part, and 400 in all."),
        ("product", "x" * 101, "Must have at most 100 characters."),
        ("price", "", "Is empty."),
        ("price", "0", "Must be above zero."),
        ("price", "0.00", "Must be above zero."),
        ("price", "-1", "Must be above zero."),
        ("price", "12,90", "Must be a number such as 12.90."),
        ("price", "1e3", "Must be a number such as 12.90."),
        ("price", "NaN", "Must be a number such as 12.90."),
        ("price", "£12", "Must be a number such as 12.90."),
        ("price", "٣", "Must be a number such as 12.90."),
        ("price", "12.905", "Must have at most 2 decimals in EUR."),
        ("price", "1000000", "Must be at most 999999.99 EUR."),
        ("currency", "euro", "Must be an ISO 4217 currency code such as GBP."),
        ("stock", "-1", "Must be a whole number from 0 to 1000000000."),
        ("stock", "1.5", "Must be a whole number from 0 to 1000000000."),
        ("stock", "1000000001", "Must be a whole number from 0 to 1000000000."),
        ("warehouse", "a b", "Must be letters, digits, '.', '_' or '-', at most 32."),
        ("image", "http://i.example/1.jpg", "Must be https URLs, separated by blanks."),
        ("image", "https://", "Must be https URLs, separated by blanks."),
        ("image", "https://[", "Must be https URLs, separated by blanks."),
        ("attributes.colour", "x" * 201, "Must have at most 200 characters."),
    ],
)  # fmt: skip
def test_nonsense_is_named_with_its_column(column: str, text: str, reason: str) -> None:
    assert wrong({**GOOD, column: text}) == {column: reason}


def test_all_that_is_wrong_with_a_row_is_named() -> None:
    assert wrong({**GOOD, "title": "", "price": "0"}) == {
        "title": "Is empty.",
        "price": "Must be above zero.",
    }


@pytest.mark.parametrize(
    ("cells", "needed"),
    [
        ({"sku": "MUG", "price": "1"}, {"currency": "Is needed with a price."}),
        ({"sku": "MUG", "stock": "1"}, {"warehouse": "Is needed with stock."}),
        ({"title": "Mug"}, {"sku": "Is empty."}),
    ],
)
def test_what_belongs_together_must_come_together(
    cells: dict[str, str], needed: dict[str, str]
) -> None:
    assert wrong(cells) == needed


def test_columns_may_have_other_names_and_constants_fill_what_is_empty() -> None:
    parser = RowParser(
        {"sku": "StockCode", "title": "Description", "price": "UnitPrice"},
        {"currency": "GBP", "category": "gifts", "title": "Unnamed"},
    )
    cells = {
        "StockCode": "A1",
        "Description": "",
        "UnitPrice": "2.5",
        "Quantity": "6",
        "Currency": "EUR",
    }
    assert values(cells, parser) == {
        "title": "Unnamed",
        "price": ("EUR", 250),
        "category": (("gifts", "gifts"),),
    }
    assert parser.ignored == {"Quantity"}
    assert wrong({**cells, "UnitPrice": "0"}, parser) == {"UnitPrice": "Must be above zero."}


def test_rows_with_columns_of_their_own_take_no_memory_for_ever() -> None:
    parser = RowParser()
    tracemalloc.start()
    try:
        for number in range(2_000):
            assert wrong({f"{number}" + "x" * 9_000: "1"}, parser) == {"sku": "Is empty."}
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000


@pytest.mark.parametrize(
    ("named", "columns", "reason"),
    [
        ({"sku": "Code"}, ["SKU"], "The file has no column Code."),
        ({}, ["title"], "No column is the sku; name it: map=sku:..."),
    ],
)
def test_a_file_must_have_what_is_named(
    named: dict[str, str], columns: list[str], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason.replace("?", ".")):
        RowParser(named).check(columns)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("12.9", "EUR", 1290), ("12.900", "EUR", 1290), ("1500", "JPY", 1500), ("1.234", "KWD", 1234)],
)
def test_a_price_is_in_the_minor_units_of_its_currency(
    amount: str, currency: str, units: int
) -> None:
    assert minor_units(Decimal(amount), currency) == units
