"""Products and variants over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient

Headers = dict[str, str]

MUG: dict[str, Any] = {
    "title": "Coffee mug",
    "description": "Holds a third of a litre.",
    "status": "active",
    "attributes": {"material": "stoneware"},
    "images": [{"url": "https://images.example/mug.jpg", "alt": "A mug"}],
    "variants": [
        {
            "sku": "MUG-RED",
            "name": "red",
            "attributes": {"colour": "red"},
            "prices": [{"amount": 1290, "currency": "EUR"}, {"amount": 1090, "currency": "GBP"}],
        },
        {"sku": "MUG-BLUE", "name": "blue", "prices": [{"amount": 1390, "currency": "EUR"}]},
    ],
}


@pytest.fixture
def mug(client: FlaskClient, staff: Headers) -> dict[str, Any]:
    """A product in two colours."""
    answer = client.post("/v1/products", json=MUG, headers=staff)
    assert answer.status_code == 201, answer.json
    return {**answer.get_json(), "etag": answer.headers["ETag"]}


def test_a_created_product_is_shown_to_anybody(client: FlaskClient, mug: dict[str, Any]) -> None:
    shown = client.get(f"/v1/products/{mug['id']}")
    assert shown.status_code == 200
    assert shown.get_json()["title"] == "Coffee mug"
    assert shown.get_json()["attributes"] == {"material": "stoneware"}
    assert shown.get_json()["variants"][0] == {
        "sku": "MUG-RED",
        "name": "red",
        "status": "active",
        "attributes": {"colour": "red"},
        "prices": [{"amount": 1290, "currency": "EUR"}, {"amount": 1090, "currency": "GBP"}],
        "available": 0,
    }


def test_a_list_shows_products_and_facets(client: FlaskClient, mug: dict[str, Any]) -> None:
    page = client.get("/v1/products?currency=EUR&facets=true&q=cofee+mug&sort=price")
    assert page.status_code == 200, page.json
    assert [item["id"] for item in page.get_json()["items"]] == [mug["id"]]
    assert page.get_json()["facets"]["prices"] == [{"from": 1000, "below": 2000, "count": 1}]
