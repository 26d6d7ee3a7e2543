"""Finding products: words, filters, facets, order and pages."""

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.inventory.models.tables import database
from store.inventory.testing.stock import add_variant, deliver
from store.inventory.use_cases import catalogue, categories
from store.server.grpc.testing import wait_until

Headers = dict[str, str]

SHELF: list[dict[str, Any]] = [
    {
        "title": "Coffee mug",
        "description": "For the office.",
        "category": "kitchen/mugs",
        "attributes": {"material": "stoneware"},
        "variants": [("MUG-RED", 1290, "red"), ("MUG-BLUE", 1490, "blue")],
    },
    {
        "title": "Tea cup",
        "description": "Looks like a coffee mug, and is none.",
        "category": "kitchen/mugs",
        "attributes": {"material": "porcelain"},
        "variants": [("CUP-RED", 900, "red")],
    },
    {
        "title": "Café crème bowl",
        "category": "kitchen",
        "attributes": {"material": "stoneware"},
        "variants": [("BOWL", 2490, "blue")],
    },
    {
        "title": "Garden lanterns",
        "category": "garden",
        "variants": [("LANTERN", 3900, "green")],
    },
]


@pytest.fixture
def shelf() -> None:
    """Four products; all are in stock but the blue mug."""
    for path in ("kitchen", "kitchen/mugs", "garden"):
        parent, _, slug = path.rpartition("/")
        categories.create_category({"slug": slug, "name": slug, "parent": parent or None})
    for wanted in SHELF:
        variants = [
            {
                "sku": sku,
                "attributes": {"colour": colour},
                "prices": [{"amount": amount, "currency": "EUR"}],
            }
            for sku, amount, colour in wanted["variants"]
        ]
        catalogue.create_product({**wanted, "status": "active", "variants": variants})
    for sku in ("MUG-RED", "CUP-RED", "BOWL", "LANTERN"):
        deliver(sku, 5)


def found(client: FlaskClient, query: str) -> list[str]:
    """The titles on the first page."""
    answer = client.get(f"/v1/products?{query}")
    assert answer.status_code == 200, answer.json
    return [item["title"] for item in answer.get_json()["items"]]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("coffee mug", "Coffee mug"),
        ("cofee mug", "Coffee mug"),
        ("coffee mgu", None),
        ("COFEE MUUG", "Coffee mug"),
        ("mugs for the office", "Coffee mug"),
        ("porcelan", "Tea cup"),
        ("lantern", "Garden lanterns"),
        ("lantrens", "Garden lanterns"),
        ("lan", "Garden lanterns"),
        ("cafe", "Café crème bowl"),
        ("café creme", "Café crème bowl"),
        ("mug-red", "Coffee mug"),
        ("garden", "Garden lanterns"),
        ("submarine", None),
        ("' OR 1=1 --", None),
        ("coffee & !mug | (<->)", "Coffee mug"),
    ],
)
def test_words_are_found_even_misspelt(client: FlaskClient, words: str, first: str | None) -> None:
    answer = client.get("/v1/products", query_string={"q": words})
    assert answer.status_code == 200, answer.json
    titles = [item["title"] for item in answer.get_json()["items"]]
    assert titles[:1] == ([first] if first else [])


@pytest.mark.usefixtures("shelf")
def test_a_title_comes_before_a_description(client: FlaskClient) -> None:
    assert found(client, "q=coffee+mug") == ["Coffee mug", "Tea cup"]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("sort=newest", ["Garden lanterns", "Café crème bowl", "Tea cup", "Coffee mug"]),
        ("sort=name", ["Café crème bowl", "Coffee mug", "Garden lanterns", "Tea cup"]),
        ("sort=price&currency=EUR", ["Tea cup", "Coffee mug", "Café crème bowl", "Garden lanterns"]),
        ("sort=-price&currency=EUR", ["Garden lanterns", "Café crème bowl", "Coffee mug", "Tea cup"]),
        ("category=kitchen&sort=name", ["Café crème bowl", "Coffee mug", "Tea cup"]),
        ("category=kitchen/mugs&sort=name", ["Coffee mug", "Tea cup"]),
        ("category=kitch", []),
        ("attribute=colour:red&sort=name", ["Coffee mug", "Tea cup"]),
        ("attribute=colour:red&attribute=colour:green&sort=name", ["Coffee mug", "Garden lanterns", "Tea cup"]),
        ("attribute=colour:blue&attribute=material:stoneware&sort=name", ["Café crème bowl", "Coffee mug"]),
        ("attribute=size:XL", []),
        ("in_stock=true&attribute=colour:blue", ["Café crème bowl"]),
        ("in_stock=false", ["Coffee mug"]),
        ("currency=EUR&price_min=1290&price_max=2490&sort=price", ["Coffee mug", "Café crème bowl"]),
        # No single variant is red and costs that much.
        ("currency=EUR&price_min=1400&attribute=colour:red", []),
        ("currency=EUR&price_min=1400&sort=price", ["Coffee mug", "Café crème bowl", "Garden lanterns"]),
        ("currency=GBP", []),
        ("q=mug&category=garden", []),
    ],
)  # fmt: skip
def test_filters_and_orders(client: FlaskClient, query: str, titles: list[str]) -> None:
    assert found(client, query) == titles


@pytest.mark.usefixtures("shelf")
def test_a_price_that_ends_takes_the_product_out_of_its_currency(client: FlaskClient) -> None:
    database.run("UPDATE prices SET valid_from = now() + interval '1 day' WHERE sku = 'LANTERN'")
    assert "Garden lanterns" not in found(client, "currency=EUR")
    assert "Garden lanterns" in found(client, "sort=newest")


@pytest.mark.usefixtures("shelf")
def test_a_changed_text_is_found_at_once(client: FlaskClient) -> None:
    database.run("UPDATE categories SET name = 'Cookery' WHERE path = 'kitchen'")
    assert found(client, "q=cookery") == ["Café crème bowl"]
    database.run("UPDATE products SET title = 'Soup bowl' WHERE title LIKE 'Caf%%'", ())
    assert found(client, "q=creme") == []
    database.run("UPDATE variants SET status = 'retired' WHERE sku = 'MUG-BLUE'")
    assert found(client, "q=mug-blue") == []


@pytest.mark.usefixtures("shelf")
def test_what_two_change_at_once_is_found_under_both(client: FlaskClient) -> None:
    rename = "UPDATE categories SET name = 'Cookery' WHERE path = 'kitchen'"
    renaming = threading.Thread(target=database.run, args=(rename,))
    with database.transaction():
        database.run("UPDATE products SET title = 'Soup bowl' WHERE title LIKE 'Caf%%'", ())
        renaming.start()
        wait_until(lambda: database.row("SELECT FROM pg_locks WHERE NOT granted") is not None)
    renaming.join(30)
    assert found(client, "q=soup+cookery") == ["Soup bowl"]


@pytest.mark.usefixtures("shelf")
def test_facets_count_what_each_choice_would_leave(client: FlaskClient) -> None:
    query = "facets=true&currency=EUR&category=kitchen/mugs&attribute=colour:red&price_max=1300"
    facets = client.get(f"/v1/products?{query}").get_json()["facets"]
    # Red and up to 13.00, in whatever category.
    assert facets["categories"] == [
        {"path": "kitchen", "name": "kitchen", "count": 2},
        {"path": "kitchen/mugs", "name": "mugs", "count": 2},
    ]
    # In mugs and up to 13.00: of any colour; of other attributes what is red.
    assert facets["attributes"] == {
        "colour": [{"value": "red", "count": 2}],
        "material": [{"value": "porcelain", "count": 1}, {"value": "stoneware", "count": 1}],
    }
    # Red mugs at any price.
    assert facets["prices"] == [
        {"from": 500, "below": 1000, "count": 1},
        {"from": 1000, "below": 2000, "count": 1},
    ]


@pytest.mark.usefixtures("shelf")
def test_facets_heed_words_and_stock(client: FlaskClient) -> None:
    facets = client.get("/v1/products?facets=true&q=cofee&in_stock=true").get_json()["facets"]
    assert facets["attributes"]["colour"] == [{"value": "red", "count": 1}]
    assert [each["count"] for each in facets["categories"]] == [1, 1]
    assert facets["prices"] == []


def test_staff_finds_drafts_when_asking_for_them(
    client: FlaskClient, staff: Headers, customer: Headers
) -> None:
    catalogue.create_product({"title": "Draft"})
    add_variant("MUG", title="Mug")
    for query, titles in (
        ("", ["Mug"]),
        ("status=draft", ["Draft"]),
        ("status=any", ["Mug", "Draft"]),
    ):
        answer = client.get(f"/v1/products?{query}", headers=staff)
        assert [item["title"] for item in answer.get_json()["items"]] == titles
    for headers in ({}, customer):
        refused = client.get("/v1/products?status=draft", headers=headers)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "staff_only")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("q=", "query.q"),
        ("q=!!!", "query.q"),
        ("q=" + "x" * 201, "query.q"),
        ("price_min=1", "query.currency"),
        ("sort=price", "query.currency"),
        ("sort=relevance", "query.q"),
        ("sort=colour", "query.sort"),
        ("currency=EURO", "query.currency"),
        ("currency=EUR&price_min=-1", "query.price_min"),
        ("currency=EUR&price_max=1.5", "query.price_max"),
        ("currency=EUR&price_max=99999999999999999999", "query.price_max"),
        ("category=Kitchen", "query.category"),
        ("attribute=red", "query.attribute.0"),
        ("in_stock=maybe", "query.in_stock"),
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("colour=red", "query.colour"),
        ("facets=2", "query.facets"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(
    client: FlaskClient, query: str, field: str
) -> None:
    refused = client.get(f"/v1/products?{query}")
    assert refused.status_code == 422
    assert {error["field"] for error in refused.get_json()["errors"]} == {field}


@pytest.mark.parametrize("query", ["q=%00", "q=%ff", "cursor=%00"])
def test_bytes_that_are_no_text_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/v1/products?{query}").status_code == 400


def test_a_cursor_belongs_to_its_list(client: FlaskClient) -> None:
    for number in range(3):
        add_variant(f"MUG-{number}", title="Mug")
    lists = ("sort=newest", "sort=name", "sort=price&currency=EUR", "q=mug", "q=mugs")
    cursors = {
        each: client.get(f"/v1/products?limit=1&{each}").get_json()["next_cursor"] for each in lists
    }
    for given_by, cursor in cursors.items():
        for each in lists:
            answer = client.get(f"/v1/products?limit=1&{each}&cursor={cursor}")
            assert answer.status_code == (200 if each == given_by else 400), (each, given_by)


@pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U", "W10", "WyJwcm9kdWN0cy1uZXdlc3QiLDEsMl0"])
def test_an_invented_cursor_is_refused(client: FlaskClient, cursor: str) -> None:
    refused = client.get(f"/v1/products?cursor={cursor}")
    assert (refused.status_code, refused.get_json()["code"]) == (400, "bad_cursor")
