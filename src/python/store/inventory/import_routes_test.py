"""Bulk import over HTTP."""

from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

Headers = dict[str, str]
Lines = list[dict[str, Any]]


@pytest.fixture
def imported(client: FlaskClient, staff: Headers) -> Any:
    """Sends a file; the lines of the answer."""

    def send(data: str | bytes, query: str = "format=csv") -> Lines:
        answer = client.post(f"/v1/imports?{query}", data=data, headers=staff)
        assert answer.status_code == 200, answer.json
        return [orjson.loads(line) for line in answer.data.splitlines()]

    return send


def test_a_csv_file_becomes_products(client: FlaskClient, imported: Any) -> None:
    lines = imported(
        "sku,title,description,category,product,variant,price,currency,stock,warehouse,image,"
        "attributes.colour\n"
        'MUG-RED,Mug,"Two\nlines",Kitchen/Coffee mugs,mug,red,12.90,EUR,5,main,'
        "https://i.example/1.jpg,red\n"
        "MUG-BLUE,Mug,,kitchen/coffee-mugs,mug,blue,13.90,EUR,6,main,,blue\n"
    )
    assert lines[-1] == {
        "type": "summary",
        "rows": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "dry_run": False,
        "ignored_columns": [],
        "errors_left_out": 0,
    }
    (product,) = client.get("/v1/products?q=mug").get_json()["items"]
    assert product["description"] == "Two\nlines"
    assert product["category"]["path"] == "kitchen/coffee-mugs"
    assert product["category"]["name"] == "Coffee mugs"
    assert product["images"] == [{"url": "https://i.example/1.jpg", "alt": ""}]
    red, blue = product["variants"]
    assert (red["sku"], red["available"], red["attributes"]) == ("MUG-RED", 5, {"colour": "red"})
    assert (blue["name"], blue["prices"]) == ("blue", [{"amount": 1390, "currency": "EUR"}])
