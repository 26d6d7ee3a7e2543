"""The demo catalogue is what the README promises."""

import csv
from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from store.devstack.demo import parts

ROWS = [row for part in parts() for row in csv.DictReader(part.read_text().splitlines())]


def test_there_are_enough_products_in_eight_categories() -> None:
    assert len({row["product"] for row in ROWS}) >= 120
    assert len({row["category"] for row in ROWS if row["category"]}) == 8


def test_every_product_has_variants_one_description_and_one_category() -> None:
    variants = Counter(row["product"] for row in ROWS)
    assert set(variants.values()) <= {2, 3, 4}
    texts = defaultdict[str, list[str]](list)
    for row in ROWS:
        texts[row["product"]] += [text for text in (row["description"], row["category"]) if text]
    assert {len(each) for each in texts.values()} == {2}


def test_no_text_and_no_sku_is_there_twice() -> None:
    for column in ("sku", "description", "image"):
        values = [row[column] for row in ROWS if row[column]]
        assert len(values) == len(set(values))


@pytest.mark.parametrize("column", ["eur", "usd"])
def test_everything_has_a_price_in_both_currencies(column: str) -> None:
    assert min(Decimal(row[column]) for row in ROWS) > 0


@pytest.mark.parametrize("column", ["berlin", "austin"])
def test_both_warehouses_have_nearly_everything(column: str) -> None:
    in_stock = sum(int(row[column]) > 0 for row in ROWS)
    assert in_stock / len(ROWS) > 0.9
