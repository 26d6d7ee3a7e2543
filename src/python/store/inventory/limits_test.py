"""What REST, imports and gRPC take is what the database takes: each of its CHECKs has its limit here."""

import re

import pytest

from store.database.database import Database
from store.database.testing import checked_lengths, checked_patterns
from store.inventory import limits
from store.inventory.api.catalogue_schemas import CategoryIn, ProductIn, VariantIn
from store.inventory.api.stock_schemas import WarehouseIn
from store.inventory.imports.columns import parse_cell
from store.inventory.rpc.requests import InvalidField, lines_of
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.server.limits import MAX_ORDER_LINES, SKU
from store.server.money import CURRENCIES

LENGTHS = {
    "categories.slug": limits.MAX_SLUG,
    "categories.path": limits.MAX_PATH,
    "categories.name": limits.MAX_CATEGORY_NAME,
    "products.handle": limits.MAX_HANDLE,
    "products.title": limits.MAX_TITLE,
    "products.description": limits.MAX_DESCRIPTION,
    "variants.name": limits.MAX_VARIANT_NAME,
    "warehouses.name": limits.MAX_WAREHOUSE_NAME,
    "stock_movements.reference": limits.MAX_REFERENCE,
    "stock_movements.actor": 100,  # ours to write
}
PATTERNS = {
    "categories.slug": f"^{limits.SLUG}$",
    "variants.sku": f"^{SKU}$",
    "warehouses.code": f"^{limits.WAREHOUSE}$",
    "prices.currency": "^[A-Z]{3}$",
    "reservations.currency": "^[A-Z]{3}$",
}

GOOD_SKUS = ["a", "0", "A.b_c-9", "x" * 64]
BAD_SKUS = ["", ".a", "-a", "_a", "a b", "a/b", "é", "aé", "x" * 65, "a\nb", "٣"]


def test_the_database_bounds_what_we_bound_and_as_we_do(database: Database) -> None:
    assert checked_lengths(database) == LENGTHS
    assert checked_patterns(database) == PATTERNS


def test_every_currency_fits_where_prices_are_kept() -> None:
    assert [code for code in CURRENCIES if not re.fullmatch("[A-Z]{3}", code)] == []


def test_every_line_of_an_order_fits_in_a_reservation(database: Database) -> None:
    found = database.rows(
        """SELECT pg_get_constraintdef(oid) AS bounds FROM pg_constraint
        WHERE conname = 'reservation_lines_position_check'"""
    )
    assert f'("position" <= {MAX_ORDER_LINES})' in found[0]["bounds"]


@pytest.mark.parametrize("sku", GOOD_SKUS)
def test_a_good_sku_is_good_everywhere(sku: str) -> None:
    assert VariantIn().validate({"sku": sku}) == {}
    assert parse_cell("sku", sku) == sku
    assert lines_of([pb.Line(sku=sku, quantity=1)])[0].sku == sku


@pytest.mark.parametrize("sku", BAD_SKUS)
def test_a_bad_sku_is_bad_everywhere(sku: str) -> None:
    assert VariantIn().validate({"sku": sku}).keys() == {"sku"}
    with pytest.raises(ValueError, match="Must be letters"):
        parse_cell("sku", sku)
    with pytest.raises(InvalidField, match="Must be a SKU"):
        lines_of([pb.Line(sku=sku, quantity=1)])


@pytest.mark.parametrize(
    ("column", "field", "most"),
    [
        ("title", "title", limits.MAX_TITLE),
        ("description", "description", limits.MAX_DESCRIPTION),
        ("product", "handle", limits.MAX_HANDLE),
    ],
)
def test_a_text_may_be_as_long_in_an_import_as_in_a_request(
    column: str, field: str, most: int
) -> None:
    for text, is_good in (("x" * most, True), ("x" * (most + 1), False), ("a\0", False)):
        assert (field not in ProductIn().validate({"title": "T", field: text})) == is_good
        if is_good:
            assert parse_cell(column, text) == text
        else:
            with pytest.raises(ValueError, match="Must"):
                parse_cell(column, text)


@pytest.mark.parametrize(
    ("code", "is_good"), [("M", True), ("m" * 32, True), ("m" * 33, False), ("-", False)]
)
def test_the_code_of_a_warehouse_is_good_everywhere_or_nowhere(code: str, is_good: bool) -> None:
    assert (WarehouseIn().validate({"code": code, "name": "W"}) == {}) == is_good
    if is_good:
        assert parse_cell("warehouse", code) == code
    else:
        with pytest.raises(ValueError, match="Must be letters"):
            parse_cell("warehouse", code)


@pytest.mark.parametrize("name", ["Coffee mugs", "Tee & Kaffee", "Größe 1"])
def test_the_slugs_that_an_import_makes_are_slugs(name: str) -> None:
    ((slug, kept),) = parse_cell("category", name)
    assert kept == name
    assert CategoryIn().validate({"name": name, "slug": slug}) == {}
