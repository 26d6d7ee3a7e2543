"""Products and variants over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from store.inventory.testing.stock import deliver

Headers = dict[str, str]

MUG: dict[str, Any] = {
    "title": "Coffee mug",
    "description": "Holds a third of a litre.\nDishwasher-safe.",
    "status": "active",
    "handle": "mug",
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
LONG = "x" * 10_001


def create(client: FlaskClient, staff: Headers, **changes: object) -> Any:
    return client.post("/v1/products", json={**MUG, **changes}, headers=staff)


@pytest.fixture
def mug(client: FlaskClient, staff: Headers) -> str:
    """The address of a product in two colours, at its first version."""
    return str(create(client, staff).headers["Location"])


def test_a_created_product_is_shown_to_anybody(client: FlaskClient, staff: Headers) -> None:
    created = create(client, staff)
    assert created.status_code == 201
    shown = client.get(created.headers["Location"])
    assert shown.json == created.json
    assert {name: shown.get_json()[name] for name in MUG if name != "variants"} == {
        name: value for name, value in MUG.items() if name != "variants"
    }
    assert shown.get_json()["variants"][0] == {
        **MUG["variants"][0],
        "status": "active",
        "available": 0,
    }


def test_a_currency_leaves_out_the_other_prices(client: FlaskClient, mug: str) -> None:
    red, blue = client.get(f"{mug}?currency=GBP").get_json()["variants"]
    assert red["prices"] == [{"amount": 1090, "currency": "GBP"}]
    assert blue["prices"] == []


def test_a_variant_knows_its_product_and_its_level(client: FlaskClient, mug: str) -> None:
    deliver("MUG-RED", 3, "NORTH")
    deliver("MUG-RED", 4, "SOUTH")
    variant = client.get("/v1/variants/MUG-RED").get_json()
    assert (variant["title"], variant["name"], variant["available"]) == ("Coffee mug", "red", 7)
    assert mug.endswith(variant["product_id"])


def test_only_staff_sees_drafts_and_what_is_retired(
    client: FlaskClient, staff: Headers, customer: Headers
) -> None:
    draft = create(client, staff, status="draft").headers["Location"]
    for path in (draft, "/v1/variants/MUG-RED"):
        assert client.get(path).status_code == 404
        assert client.get(path, headers=customer).status_code == 404
        assert client.get(path, headers=staff).status_code == 200


def test_a_retired_variant_leaves_the_shop_and_can_come_back(
    client: FlaskClient, staff: Headers, mug: str
) -> None:
    guard = {**staff, "If-Match": '"v1"'}
    assert client.delete("/v1/variants/MUG-RED", headers=guard).status_code == 204
    assert client.get("/v1/variants/MUG-RED").status_code == 404
    assert [each["sku"] for each in client.get(mug).get_json()["variants"]] == ["MUG-BLUE"]
    back = client.patch(
        "/v1/variants/MUG-RED", json={"status": "active"}, headers={**staff, "If-Match": '"v2"'}
    )
    assert (back.status_code, back.headers["ETag"]) == (200, '"v3"')
    assert client.get("/v1/variants/MUG-RED").status_code == 200


def test_a_retired_product_leaves_the_shop(client: FlaskClient, staff: Headers, mug: str) -> None:
    assert client.delete(mug, headers={**staff, "If-Match": '"v1"'}).status_code == 204
    assert client.get(mug).status_code == 404
    assert client.get("/v1/products").get_json()["items"] == []
    assert client.get(mug, headers=staff).get_json()["status"] == "retired"


def test_a_change_is_made_once_for_the_version_it_is_meant_for(
    client: FlaskClient, staff: Headers, mug: str
) -> None:
    change: dict[str, Any] = {"title": "Tea mug", "handle": None, "images": []}
    assert client.patch(mug, json=change, headers=staff).status_code == 428
    read = client.get(mug, headers=staff).headers["ETag"]
    first = client.patch(mug, json=change, headers={**staff, "If-Match": read})
    assert (first.status_code, first.get_json()["title"]) == (200, "Tea mug")
    assert (first.get_json()["handle"], first.get_json()["images"]) == (None, [])
    assert first.get_json()["description"] == MUG["description"]
    again = client.patch(mug, json=change, headers={**staff, "If-Match": read})
    assert (again.status_code, again.get_json()["code"]) == (412, "stale_version")
    other = client.patch(mug, json=change, headers={**staff, "If-Match": '"another"'})
    assert other.status_code == 412


def test_a_variant_is_added_and_changed(client: FlaskClient, staff: Headers, mug: str) -> None:
    new = {"sku": "MUG-XL", "name": "large", "prices": [{"amount": 1990, "currency": "EUR"}]}
    added = client.post(f"{mug}/variants", json=new, headers=staff)
    assert (added.status_code, added.headers["Location"]) == (201, "/v1/variants/MUG-XL")
    guard = {**staff, "If-Match": added.headers["ETag"]}
    changed = client.patch("/v1/variants/MUG-XL", json={"name": "XL"}, headers=guard)
    assert changed.get_json()["name"] == "XL"
    assert client.get("/v1/products?q=xl").get_json()["items"][0]["title"] == "Coffee mug"


def test_a_shopper_pays_nothing_for_what_has_not_changed(client: FlaskClient, mug: str) -> None:
    first = client.get(mug)
    assert first.headers["Cache-Control"] == "public, max-age=5"
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get(mug, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    deliver("MUG-RED", 1)
    assert client.get(mug, headers=known).status_code == 200


def test_staff_always_reads_what_is_there(client: FlaskClient, staff: Headers, mug: str) -> None:
    read = client.get(mug, headers=staff)
    assert (read.headers["Cache-Control"], read.headers["ETag"]) == ("no-store", '"v1"')


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"handle": "other"}, "sku_taken"),
        ({"variants": []}, "handle_taken"),
        ({"handle": "other", "variants": [{"sku": "NEW"}, {"sku": "MUG-RED"}]}, "sku_taken"),
    ],
)
def test_what_is_taken_is_refused_whole(
    client: FlaskClient, staff: Headers, mug: str, changes: dict[str, Any], code: str
) -> None:
    refused = create(client, staff, **changes)
    assert (refused.status_code, refused.get_json()["code"]) == (409, code)
    assert len(client.get("/v1/products").get_json()["items"]) == 1
    assert client.get("/v1/variants/NEW", headers=staff).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title"),
        ({"title": " "}, "title"),
        ({"title": 7}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\u0000b"}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"description": LONG}, "description"),
        ({"status": "sold"}, "status"),
        ({"colour": "red"}, "colour"),
        ({"category": "No Such"}, "category"),
        ({"category": "/kitchen"}, "category"),
        ({"attributes": {"colour": 1}}, "attributes.colour"),
        ({"attributes": {"": "red"}}, "attributes."),
        ({"attributes": ["red"]}, "attributes"),
        ({"attributes": {str(n): "x" for n in range(51)}}, "attributes"),
        ({"images": [{"url": "http://images.example/mug.jpg"}]}, "images.0.url"),
        ({"images": [{"url": "javascript:alert(1)"}]}, "images.0.url"),
        ({"images": [{"alt": "A mug"}]}, "images.0.url"),
        ({"variants": [{"sku": "a b"}]}, "variants.0.sku"),
        ({"variants": [{"sku": "-A"}]}, "variants.0.sku"),
        ({"variants": [{"sku": "A" * 65}]}, "variants.0.sku"),
        ({"variants": [{"sku": "A"}, {"sku": "A"}]}, "variants"),
        ({"variants": [{"name": "red"}]}, "variants.0.sku"),
        (
            {"variants": [{"sku": "A", "prices": [{"amount": -1, "currency": "EUR"}]}]},
            "variants.0.prices.0.amount",
        ),
        (
            {"variants": [{"sku": "A", "prices": [{"amount": 1.5, "currency": "EUR"}]}]},
            "variants.0.prices.0.amount",
        ),
        (
            {"variants": [{"sku": "A", "prices": [{"amount": 10**9, "currency": "EUR"}]}]},
            "variants.0.prices.0.amount",
        ),
        (
            {"variants": [{"sku": "A", "prices": [{"amount": 1, "currency": "XXX"}]}]},
            "variants.0.prices.0.currency",
        ),
        (
            {"variants": [{"sku": "A", "prices": [{"amount": 1, "currency": "EUR"}] * 2}]},
            "variants.0.prices",
        ),
    ],
)
def test_nonsense_is_refused_by_field(
    client: FlaskClient, staff: Headers, changes: dict[str, Any], field: str
) -> None:
    refused = create(client, staff, **changes)
    assert refused.status_code == 422, refused.json
    assert [error["field"] for error in refused.get_json()["errors"]] == [field]
    assert client.get("/v1/products?status=any", headers=staff).get_json()["items"] == []


def test_an_unknown_category_is_refused(client: FlaskClient, staff: Headers) -> None:
    refused = create(client, staff, category="kitchen")
    assert (refused.status_code, refused.get_json()["code"]) == (404, "unknown_category")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"title": "\\ud800"}'])
def test_what_is_no_object_is_refused(client: FlaskClient, staff: Headers, body: bytes) -> None:
    headers = {**staff, "Content-Type": "application/json"}
    assert client.post("/v1/products", data=body, headers=headers).status_code in (400, 422)


@pytest.mark.parametrize("query", ["currency=eur", "currency=EURO", "colour=red", "currency=%ff"])
def test_a_query_that_makes_no_sense_is_refused(client: FlaskClient, mug: str, query: str) -> None:
    assert client.get(f"{mug}?{query}").status_code in (400, 422)
