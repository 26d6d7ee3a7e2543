"""Bulk import over HTTP."""

import io
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from store.inventory.models.tables import database
from store.inventory.testing.stock import stock_levels

Headers = dict[str, str]
Line = dict[str, Any]


class Importer:
    """Sends files as staff."""

    def __init__(self, client: FlaskClient, staff: Headers) -> None:
        self.client = client
        self.staff = staff
        self.lines: list[Line] = []

    def send(self, data: str | bytes, query: str = "format=csv") -> Any:
        """The plain answer."""
        return self.client.post(f"/v1/imports?{query}", data=data, headers=self.staff)

    def counts(self, data: str | bytes, query: str = "format=csv") -> tuple[int, int, int, int]:
        """How many rows were (created, updated, unchanged, rejected)."""
        answer = self.send(data, query)
        assert answer.status_code == 200, answer.json
        assert answer.mimetype == "application/x-ndjson"
        self.lines = [orjson.loads(line) for line in answer.data.splitlines()]
        end = self.lines[-1]
        assert end["type"] == "summary", end
        return end["created"], end["updated"], end["unchanged"], end["rejected"]

    def errors(self) -> list[tuple[int, str | None, str]]:
        """The (row, column, reason) of every error of the last import."""
        bad = [line for line in self.lines if line["type"] == "error"]
        return [(line["row"], line["column"], line["reason"]) for line in bad]

    def variant(self, sku: str) -> Any:
        """The variant as the shop shows it."""
        return self.client.get(f"/v1/variants/{sku}").get_json()


@pytest.fixture
def importer(client: FlaskClient, staff: Headers) -> Importer:
    """Sends files."""
    return Importer(client, staff)


MUGS = """\
sku,title,description,category,product,variant,price,currency,stock,warehouse,image,attributes.colour
MUG-RED,Mug,"Two\nlines",Kitchen/Coffee mugs,mug,red,12.90,EUR,5,main,https://i.example/1.jpg,red
MUG-BLUE,Mug,,kitchen/coffee-mugs,mug,blue,13.90,EUR,6,main,https://i.example/2.jpg,blue
CUP,Tea cup,,kitchen,,,9.90,EUR,0,main,,
"""


def test_a_csv_file_becomes_products(client: FlaskClient, importer: Importer) -> None:
    assert importer.counts(MUGS) == (3, 0, 0, 0)
    (product,) = client.get("/v1/products?q=mug").get_json()["items"]
    assert product["description"] == "Two\nlines"
    assert product["category"]["path"] == "kitchen/coffee-mugs"
    assert product["category"]["name"] == "Coffee mugs"
    assert [image["url"] for image in product["images"]] == [
        "https://i.example/1.jpg",
        "https://i.example/2.jpg",
    ]
    red, blue = product["variants"]
    assert (red["sku"], red["available"], red["attributes"]) == ("MUG-RED", 5, {"colour": "red"})
    assert (blue["name"], blue["prices"]) == ("blue", [{"amount": 1390, "currency": "EUR"}])
    assert importer.lines[-1] == {
        "type": "summary",
        "rows": 3,
        "created": 3,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "dry_run": False,
        "ignored_columns": [],
        "errors_left_out": 0,
    }


def test_the_same_file_again_changes_nothing(importer: Importer) -> None:
    importer.counts(MUGS)
    before = everything()
    assert importer.counts(MUGS) == (0, 0, 3, 0)
    assert everything() == before


def test_a_dry_run_says_the_same_and_writes_nothing(importer: Importer) -> None:
    data = MUGS + "CUP-2,,,,,,0,EUR,,,,\n"
    before = everything()
    assert importer.counts(data, "format=csv&dry_run=true") == (3, 0, 0, 1)
    assert importer.lines[-1]["dry_run"] is True
    assert everything() == before
    errors = importer.errors()
    assert importer.counts(data) == (3, 0, 0, 1)
    assert (
        importer.errors()
        == errors
        == [(5, "price", "Must be above zero."), (5, "title", "Is empty.")]
    )


def everything() -> dict[str, Any]:
    """Every row of the catalogue and of the stock."""
    tables = (
        "products",
        "variants",
        "prices",
        "categories",
        "stock",
        "stock_movements",
        "warehouses",
    )
    return {table: database.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}


def test_rows_are_counted_for_the_dashboards(importer: Importer) -> None:
    def counted(outcome: str) -> float:
        labels = {"outcome": outcome}
        return REGISTRY.get_sample_value("inventory_import_rows_total", labels) or 0.0

    before = counted("created"), counted("rejected")
    data = "sku,title\nA,Mug\nB,\n"
    importer.counts(data, "format=csv&dry_run=true")
    importer.counts(data)
    assert (counted("created"), counted("rejected")) == (before[0] + 1, before[1] + 1)


def test_ndjson_becomes_the_same_products(importer: Importer) -> None:
    rows = [
        {"sku": "MUG", "title": "Mug", "price": 12.9, "currency": "EUR", "attributes": {"colour": "red"}},
        {"sku": "MUG", "stock": 7, "warehouse": "main", "image": ["https://i.example/1.jpg"]},
        {"sku": "CUP", "price": "1", "currency": "EUR", "weight": 300},
    ]  # fmt: skip
    data = b"\n".join(orjson.dumps(row) for row in rows)
    assert importer.counts(data, "format=ndjson") == (1, 1, 0, 1)
    assert importer.errors() == [(3, "title", "Is needed for a new product.")]
    assert importer.lines[-1]["ignored_columns"] == ["weight"]
    mug = importer.variant("MUG")
    assert (mug["available"], mug["attributes"]) == (7, {"colour": "red"})


def test_columns_are_mapped_and_constants_added(importer: Importer) -> None:
    data = "StockCode,Description,UnitPrice,Country\n22914,BLUE COAT RACK,4.95,France\n"
    query = (
        "format=csv&map=sku:StockCode,title:Description,price:UnitPrice"
        "&set=currency:GBP,stock:1000000&set=warehouse:main&set=%22description:Blue,+and+tall%22"
    )
    assert importer.counts(data, query) == (1, 0, 0, 0)
    assert importer.lines[-1]["ignored_columns"] == ["Country"]
    rack = importer.variant("22914")
    assert (rack["title"], rack["available"]) == ("BLUE COAT RACK", 1_000_000)
    assert rack["prices"] == [{"amount": 495, "currency": "GBP"}]


def test_the_last_good_row_of_a_sku_wins(importer: Importer) -> None:
    data = "sku,title,price\nA,First,1.00\nA,Second,2.00\nA,,3.00\nA,Fourth,0\n"
    assert importer.counts(data, "format=csv&set=currency:GBP") == (1, 1, 0, 2)
    assert importer.errors() == [(4, "title", "Is empty."), (5, "price", "Must be above zero.")]
    kept = importer.variant("A")
    assert (kept["title"], kept["prices"][0]["amount"]) == ("Second", 200)


def test_a_new_price_keeps_the_old_one_as_history(
    client: FlaskClient, staff: Headers, importer: Importer
) -> None:
    for price in ("1.00", "2.00", "2.00"):
        importer.counts(f"sku,title,price,currency\nA,Mug,{price},EUR\n")
    history = client.get("/v1/variants/A/prices", headers=staff).get_json()["items"]
    assert [item["amount"] for item in history] == [200, 100]
    assert history[0]["valid_from"] == history[1]["valid_until"]


def test_what_a_row_does_not_name_stays(importer: Importer) -> None:
    importer.counts(MUGS)
    assert importer.counts("sku,stock,warehouse\nMUG-RED,9,main\nMUG-RED,2,north\n") == (0, 2, 0, 0)
    red = importer.variant("MUG-RED")
    assert (red["title"], red["name"], red["available"]) == ("Mug", "red", 11)
    assert stock_levels() | {} == {
        ("MUG-RED", "main"): (9, 0),
        ("MUG-RED", "north"): (2, 0),
        ("MUG-BLUE", "main"): (6, 0),
        ("CUP", "main"): (0, 0),
    }


def test_a_sku_stays_with_its_product(importer: Importer) -> None:
    importer.counts(MUGS)
    data = "sku,title,product\nCUP,Cup,mug\nMUG-XL,Mug,mug\n"
    assert importer.counts(data) == (1, 0, 0, 1)
    assert importer.errors() == [(2, "product", "CUP belongs to another product.")]
    assert importer.variant("MUG-XL")["product_id"] == importer.variant("MUG-RED")["product_id"]


def test_a_product_has_so_many_images_and_a_variant_so_many_attributes(importer: Importer) -> None:
    images = " ".join(f"https://i.example/{n}.jpg" for n in range(21))
    attributes = [f"attributes.a{n}" for n in range(51)]
    data = f"sku,title,image\nA,Mug,{images}\n"
    assert importer.counts(data) == (0, 0, 0, 1)
    assert importer.errors() == [(2, "image", "The product would have more than 20 images.")]
    data = f"sku,title,{','.join(attributes)}\nA,Mug{',x' * 51}\n"
    assert importer.counts(data) == (0, 0, 0, 1)
    assert importer.errors()[0][2] == "The variant would have more than 50 attributes."


def test_bytes_that_are_no_text_cost_only_their_row(importer: Importer) -> None:
    data = "sku,title\nA,Caf\xe9\n".encode("latin-1") + "B,Café\n".encode()
    assert importer.counts(data) == (1, 0, 0, 1)
    assert importer.errors() == [(2, "title", "Is not UTF-8.")]
    assert importer.variant("B")["title"] == "Café"


def test_progress_adds_up(importer: Importer) -> None:
    rows = "".join(f"A{n},Mug {n}\n" for n in range(1100))
    assert importer.counts("sku,title\n" + rows) == (1100, 0, 0, 0)
    progress = [line for line in importer.lines if line["type"] == "progress"]
    assert progress[0] == {
        "type": "progress",
        "rows": 500,
        "created": 500,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
    }


@pytest.mark.parametrize(
    ("query", "data", "field"),
    [
        ("", "sku\n", "query.format"),
        ("format=xml", "sku\n", "query.format"),
        ("format=csv&dry_run=perhaps", "sku\n", "query.dry_run"),
        ("format=csv&colour=red", "sku\n", "query.colour"),
        ("format=csv&map=sku", "sku\n", "query.map"),
        ("format=csv&map=sku:", "sku\n", "query.map"),
        ("format=csv&map=weight:Weight", "sku\n", "query.map"),
        ("format=csv&map=sku:A,sku:B", "sku\n", "query.map"),
        ("format=csv&map=sku:A,title:A", "A\n", "query.map"),
        ("format=csv&map=sku:Code", "sku\n", "query.map"),
        ("format=csv&map=%22sku:Code", "sku\n", "query.map"),
        ("format=csv", "title\n", "query.map"),
        ("format=csv&set=currency:euro", "sku\n", "query.set"),
        ("format=csv&set=price:0", "sku\n", "query.set"),
        ("format=csv", "", "body"),
        ("format=csv", "sku,sku\n", "body"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(
    importer: Importer, query: str, data: str, field: str
) -> None:
    refused = importer.send(data, query)
    assert refused.status_code == 422
    assert {error["field"] for error in refused.get_json()["errors"]} == {field}


def test_a_line_without_an_end_breaks_the_import_off(importer: Importer) -> None:
    data = b"sku,title\nA,Mug\n" + b"x" * 1_500_000
    lines = [orjson.loads(line) for line in importer.send(data).data.splitlines()]
    assert lines[-1]["type"] == "failed"
    assert (lines[-1]["code"], lines[-1]["created"]) == ("line_too_long", 0)


def test_a_file_may_be_larger_than_other_bodies(importer: Importer) -> None:
    row = b"A,Mug," + b"x" * 9_000 + b"\n"
    data = io.BytesIO(b"sku,title,description\n" + row * 300).getvalue()
    assert len(data) > 2_000_000
    assert importer.counts(data) == (1, 0, 299, 0)
