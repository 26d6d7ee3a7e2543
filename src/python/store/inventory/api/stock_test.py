from typing import Any

import pytest
from flask.testing import FlaskClient

from store.inventory.models.reservations import RequestedLine
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import release, reserve
from store.inventory.testing.stock import add_variant, deliver, stock_levels, wrong_in_the_books
from store.server.ids import new_id

Headers = dict[str, str]
DELIVERY = {
    "sku": "MUG", "warehouse": "MAIN", "kind": "received", "quantity": 5,
    "reason": "from the potter", "reference": "D-1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def books(database: object) -> Any:
    """Ten mugs; afterwards the books must be right."""
    add_variant("MUG", title="Mug")
    deliver("MUG", 10)
    yield
    assert wrong_in_the_books() == {}


def book(client: FlaskClient, staff: Headers, **changes: object) -> Any:
    return client.post("/v1/stock-movements", json={**DELIVERY, **changes}, headers=staff)


def get(client: FlaskClient, staff: Headers, path: str, **query: object) -> Any:
    return client.get(f"/v1/{path}", query_string=query or None, headers=staff)


def test_a_delivery_is_received_once(client: FlaskClient, staff: Headers) -> None:
    first, again = book(client, staff), book(client, staff)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert {**first.json, **DELIVERY} == first.json
    assert (first.json["quantity"], first.json["on_hand_after"]) == (5, 15)


@pytest.mark.parametrize(
    ("kind", "sent", "booked"),
    [("received", 5, 5), ("adjusted", -2, -2), ("adjusted", 2, 2), ("counted", 7, -3), ("counted", 0, -10), ("damaged", 3, -3)],
)  # fmt: skip
def test_each_kind_is_booked_with_its_sign(
    client: FlaskClient, staff: Headers, kind: str, sent: int, booked: int
) -> None:
    answer = book(client, staff, kind=kind, quantity=sent)
    assert (answer.json["quantity"], answer.json["on_hand_after"]) == (booked, 10 + booked)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sku": "no sku"}, "sku"),
        ({"warehouse": "-"}, "warehouse"),
        ({"kind": "sold"}, "kind"),
        ({"kind": "returned"}, "kind"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "5"}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": 10**10}, "quantity"),
        ({"kind": "counted", "quantity": -1}, "quantity"),
        ({"kind": "damaged", "quantity": -1}, "quantity"),
        ({"kind": "adjusted", "quantity": 0}, "quantity"),
        ({"reference": ""}, "reference"),
        ({"reference": "r" * 201}, "reference"),
        ({"reason": "a\0b"}, "reason"),
        ({"actor": "me"}, "actor"),
    ],
)
def test_bad_fields_are_named(
    client: FlaskClient, staff: Headers, changes: dict[str, object], field: str
) -> None:
    answer = book(client, staff, **changes)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert stock_levels() == {("MUG", "MAIN"): (10, 0)}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"sku": "NOPE"}, 404, "unknown_sku"),
        ({"warehouse": "NOPE"}, 404, "unknown_warehouse"),
        ({"kind": "damaged", "quantity": 11}, 409, "units_reserved"),
        ({"kind": "counted", "quantity": 2}, 409, "units_reserved"),
    ],
)
def test_refusals_have_a_code(
    client: FlaskClient, staff: Headers, changes: dict[str, object], status: int, code: str
) -> None:
    reserve(serve_alone, new_id(), "EUR", [RequestedLine("MUG", 3)], 900)
    answer = book(client, staff, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_reference_is_not_booked_with_another_quantity(
    client: FlaskClient, staff: Headers
) -> None:
    book(client, staff)
    answer = book(client, staff, quantity=6)
    assert (answer.status_code, answer.json["code"]) == (409, "already_booked")


def test_the_ledger_is_listed_newest_first_page_by_page(
    client: FlaskClient, staff: Headers
) -> None:
    add_variant("CUP")
    deliver("CUP", 1, "OTHER")
    for number in range(5):
        book(client, staff, reference=f"D-{number}")
    seen, cursor = [], None
    while True:
        query = {"limit": 2, "sku": "MUG", **({"cursor": cursor} if cursor else {})}
        page = get(client, staff, "stock-movements", **query).json
        seen += [line["on_hand_after"] for line in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [35, 30, 25, 20, 15, 10]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"warehouse": "OTHER"}, 1),
        ({"reference": "D-1"}, 1),
        ({"kind": "received"}, 3),
        ({"kind": "sold"}, 0),
        ({"sku": "MUG", "reference": "D-1", "kind": "received"}, 1),
        ({"sku": "NOPE"}, 0),
    ],
)
def test_the_ledger_is_filtered(
    client: FlaskClient, staff: Headers, query: Headers, found: int
) -> None:
    deliver("MUG", 1, "OTHER")
    book(client, staff)
    answer = get(client, staff, "stock-movements", **query)
    assert len(answer.json["items"]) == found


@pytest.mark.parametrize(
    ("query", "status"),
    [("cursor=nonsense", 400), ("kind=gone", 422), ("limit=0", 422), ("limit=101", 422), ("colour=red", 422), ("sku=%20", 422)],
)  # fmt: skip
def test_bad_questions_are_refused(
    client: FlaskClient, staff: Headers, query: str, status: int
) -> None:
    answer = get(client, staff, f"stock-movements?{query}")
    assert answer.status_code == status


def test_the_levels_of_a_sku(client: FlaskClient, staff: Headers) -> None:
    deliver("MUG", 4, "OTHER")
    reserve(serve_alone, new_id(), "EUR", [RequestedLine("MUG", 3)], 900)
    assert get(client, staff, "variants/MUG/stock").json == {
        "sku": "MUG", "on_hand": 14, "reserved": 3, "available": 11,
        "warehouses": [
            {"warehouse": "MAIN", "on_hand": 10, "reserved": 3, "available": 7},
            {"warehouse": "OTHER", "on_hand": 4, "reserved": 0, "available": 4},
        ],
    }  # fmt: skip


def test_a_sku_without_shelves_has_no_units_and_an_unknown_one_is_not_found(
    client: FlaskClient, staff: Headers
) -> None:
    add_variant("NEW")
    answer = get(client, staff, "variants/NEW/stock")
    assert (answer.json["available"], answer.json["warehouses"]) == (0, [])
    answer = get(client, staff, "variants/NOPE/stock")
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_sku")


def test_warehouses_are_opened_and_listed(client: FlaskClient, staff: Headers) -> None:
    new = {"code": "NORTH", "name": "The northern one"}
    opened: Any = client.post("/v1/warehouses", json=new, headers=staff)
    assert opened.status_code == 201
    assert {**opened.json, **new} == opened.json
    again: Any = client.post("/v1/warehouses", json=new, headers=staff)
    assert (again.status_code, again.json["code"]) == (409, "warehouse_exists")
    first = get(client, staff, "warehouses?limit=1").json
    second = get(client, staff, f"warehouses?cursor={first['next_cursor']}").json
    assert [each["code"] for each in first["items"] + second["items"]] == ["MAIN", "NORTH"]


def test_a_reservation_is_shown(client: FlaskClient, staff: Headers) -> None:
    order, unmade = new_id(), new_id()
    reserve(serve_alone, order, "EUR", [RequestedLine("MUG", 3)], 900)
    release(serve_alone, unmade, "cancelled")
    shown = get(client, staff, f"reservations/{order}").json
    assert (shown["state"], shown["total"]) == ("held", 3870)
    assert shown["lines"] == [{"sku": "MUG", "name": "Mug", "quantity": 3, "unit_price": 1290}]
    shown = get(client, staff, f"reservations/{unmade}").json
    assert (shown["state"], shown["total"], shown["lines"]) == ("released", None, [])
    unknown = get(client, staff, f"reservations/{new_id()}")
    assert (unknown.status_code, unknown.json["code"]) == (404, "unknown_reservation")
    assert get(client, staff, "reservations/42").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/stock-movements"),
        ("GET", "/v1/stock-movements"),
        ("GET", "/v1/variants/MUG/stock"),
        ("POST", "/v1/warehouses"),
        ("GET", "/v1/warehouses"),
        ("GET", f"/v1/reservations/{new_id()}"),
    ],
)
def test_stock_is_for_staff_only(
    client: FlaskClient, customer: Headers, method: str, path: str
) -> None:
    assert client.open(path, method=method).status_code == 401
    assert client.open(path, method=method, headers=customer).status_code == 403
