"""Placing orders over HTTP, once, whatever is sent and whoever dies."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller, Role
from store.auth.testing import Signer
from store.orders.conftest import Get, Place
from store.orders.models.tables import database
from store.orders.testing.fake_inventory import PRICE
from store.orders.testing.fake_payments import DECLINED, THREE_D_SECURE
from store.orders.testing.faults import Fault, SimulatedCrash
from store.orders.testing.shop import ADDRESS, FakeShop, basket, bring_to_rest, time_passes
from store.server.ids import new_id

LINE = {"sku": "MUG", "quantity": 1}


def lines(**changes: Any) -> list[dict[str, Any]]:
    return [{**LINE, **changes}]


def address(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ADDRESS, **changes}.items() if value is not None}


def test_placing_an_order_takes_the_money_and_the_stock(place: Place, shop: FakeShop) -> None:
    answer = place()
    order, order_id = answer.json, UUID(answer.json["id"])
    assert (answer.status_code, order["state"], order["reason"]) == (201, "confirmed", None)
    assert answer.headers["Location"] == f"/v1/orders/{order_id}"
    assert (order["total"], order["refunded"]) == (2 * PRICE, 0)
    assert order["payment"]["status"] == "succeeded"
    assert order["lines"] == [
        {"sku": "MUG", "name": "A MUG", "quantity": 2, "unit_price": PRICE, "total": 2 * PRICE}
    ]
    assert (shop.payments.taken(order_id), shop.payments.held(order_id)) == (2 * PRICE, 0)
    assert (shop.inventory.state_of(order_id), shop.inventory.shelf["MUG"]) == ("committed", 3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"payment_method": DECLINED}, "payment_declined"),
        ({"lines": lines(quantity=6)}, "out_of_stock"),
        ({"lines": lines(unit_price=PRICE + 1)}, "price_changed"),
    ],
)
def test_a_definite_no_is_an_answer(
    place: Place, shop: FakeShop, changes: dict[str, Any], reason: str
) -> None:
    answer = place(**changes)
    order = answer.json
    assert (answer.status_code, order["state"], order["reason"]) == (201, "rejected", reason)
    assert (shop.payments.taken(UUID(order["id"])), shop.inventory.shelf["MUG"]) == (0, 5)


def test_a_declined_order_says_why(place: Place) -> None:
    assert place(payment_method=DECLINED).json["payment"]["decline_code"] == "generic_decline"


def test_the_expected_price_is_taken_at_its_word(place: Place) -> None:
    assert place(lines=lines(unit_price=PRICE)).json["state"] == "confirmed"


def test_3d_secure_sends_the_buyer_to_his_bank(place: Place, get: Get) -> None:
    answer = place(payment_method=THREE_D_SECURE)
    order = get(f"/{answer.json['id']}").json
    assert (answer.status_code, order["state"]) == (201, "awaiting_payment")
    action = {"type": "redirect_to_url", "url": "https://bank.example/3ds"}
    assert order["payment"]["next_action"] == action


def test_an_order_that_takes_long_is_promised(place: Place, get: Get, shop: FakeShop) -> None:
    shop.payments.faults.next("authorise", *[Fault.TIMED_OUT] * 50)
    answer = place()
    assert (answer.status_code, answer.json["state"]) == (202, "pending")
    assert answer.headers["Location"] == f"/v1/orders/{answer.json['id']}"
    shop.payments.faults.waiting.clear()
    bring_to_rest(UUID(answer.json["id"]), shop)
    assert get(f"/{answer.json['id']}").json["state"] == "confirmed"


@pytest.mark.parametrize("reason", ["unknown_sku", "not_for_sale"])
def test_a_sku_that_is_not_sold_is_named(place: Place, shop: FakeShop, reason: str) -> None:
    if reason == "not_for_sale":
        shop.inventory.shelf["OLD"] = 3
    key, body = str(new_id()), basket(lines=[LINE, {"sku": "OLD", "quantity": 1}])
    answer = place(body, key)
    assert (answer.status_code, answer.json["reason"]) == (422, reason)
    assert [error["field"] for error in answer.json["errors"]] == ["lines.1.sku"]
    assert shop.inventory.shelf["MUG"] == 5
    again = place(body, key)
    assert (again.status_code, again.json) == (422, answer.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (database.row("SELECT count(*) AS n FROM orders") or {})["n"] == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": None}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"lines": None}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": [LINE] * 2}, "lines.1.sku"),
        ({"lines": [{"sku": f"S{n}", "quantity": 1} for n in range(101)]}, "lines"),
        ({"lines": "MUG"}, "lines"),
        ({"lines": ["MUG"]}, "lines.0"),
        ({"lines": lines(quantity=0)}, "lines.0.quantity"),
        ({"lines": lines(quantity=-1)}, "lines.0.quantity"),
        ({"lines": lines(quantity=10_001)}, "lines.0.quantity"),
        ({"lines": lines(quantity=2**63)}, "lines.0.quantity"),
        ({"lines": lines(quantity=1.5)}, "lines.0.quantity"),
        ({"lines": lines(quantity="2")}, "lines.0.quantity"),
        ({"lines": lines(quantity=True)}, "lines.0.quantity"),
        ({"lines": lines(sku="")}, "lines.0.sku"),
        ({"lines": lines(sku="a b")}, "lines.0.sku"),
        ({"lines": lines(sku="MUG\n")}, "lines.0.sku"),
        ({"lines": lines(sku="M\0G")}, "lines.0.sku"),
        ({"lines": lines(sku="x" * 65)}, "lines.0.sku"),
        ({"lines": lines(unit_price=-1)}, "lines.0.unit_price"),
        ({"lines": lines(currency="USD")}, "lines.0.currency"),
        ({"payment_method": None}, "payment_method"),
        ({"payment_method": "4242424242424242"}, "payment_method"),
        ({"payment_method": 7}, "payment_method"),
        ({"shipping_address": None}, "shipping_address"),
        ({"shipping_address": address(country="Germany")}, "shipping_address.country"),
        ({"shipping_address": address(country="de")}, "shipping_address.country"),
        ({"shipping_address": address(city=None)}, "shipping_address.city"),
        ({"shipping_address": address(name=" ")}, "shipping_address.name"),
        ({"shipping_address": address(phone="1")}, "shipping_address.phone"),
        ({"coupon": "FREE"}, "coupon"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(
    place: Place, changes: dict[str, Any], field: str
) -> None:
    answer = place(**changes)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert field in [error["field"] for error in answer.json["errors"]]
    for table in ("orders", "idempotency_keys"):
        assert (database.row(f"SELECT count(*) AS n FROM {table}") or {})["n"] == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        (b"[]", 422, "invalid"),
        (b"", 422, "invalid"),
        (b'{"a": "' + b"x" * 1_000_001 + b'"}', 413, "too_large"),
    ],
)
def test_a_body_that_is_no_order_is_refused(
    client: FlaskClient, signer: Signer, buyer: Caller, body: bytes, status: int, code: str
) -> None:
    headers = {**signer.headers(buyer), "Idempotency-Key": "k"}
    options = {"headers": headers, "content_type": "application/json"}
    answer = client.post("/v1/orders", data=body, **options)
    assert (answer.status_code, (answer.json or {})["code"]) == (status, code)


@pytest.mark.parametrize(("key", "status"), [(None, 422), ("", 422), ("x" * 256, 422), ("é", 400)])
def test_an_order_needs_a_good_idempotency_key(
    client: FlaskClient, signer: Signer, buyer: Caller, key: str | None, status: int
) -> None:
    headers = signer.headers(buyer) | ({} if key is None else {"Idempotency-Key": key})
    assert client.post("/v1/orders", json=basket(), headers=headers).status_code == status


def test_the_same_key_and_body_is_answered_the_same(place: Place, shop: FakeShop) -> None:
    first, again = place(key="k"), place(basket(), key="k")
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (shop.payments.faults.calls["authorise"], shop.inventory.shelf["MUG"]) == (1, 3)


def test_the_order_of_members_makes_no_other_body(place: Place) -> None:
    first = place(key="k")
    again = place(dict(reversed(basket().items())), key="k")
    assert again.json["id"] == first.json["id"]


def test_the_same_key_with_another_body_is_refused(place: Place) -> None:
    place(key="k")
    answer = place(key="k", lines=lines(quantity=1))
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")


def test_keys_of_different_buyers_do_not_meet(place: Place) -> None:
    first = place(key="k")
    other = place(key="k", who=Caller(new_id(), Role.CUSTOMER))
    assert (other.status_code, other.json["id"] != first.json["id"]) == (201, True)


def test_a_key_in_flight_is_said_to_be(place: Place, shop: FakeShop) -> None:
    answers = []
    shop.payments.faults.next("capture", Fault.STOPPED_BEFORE)
    shop.payments.faults.meanwhile = lambda: answers.append(place(basket(), key="k"))
    assert place(key="k").status_code == 201
    assert (answers[0].status_code, answers[0].json["code"]) == (409, "idempotency_key_in_flight")


@pytest.mark.parametrize("call", ["reserve", "authorise", "commit", "capture"])
@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_a_retry_after_a_crash_finds_its_order(
    place: Place, shop: FakeShop, call: str, fault: Fault
) -> None:
    faults = shop.inventory.faults if call in ("reserve", "commit") else shop.payments.faults
    faults.next(call, fault)
    with pytest.raises(SimulatedCrash):
        place(key="k")
    time_passes()
    database.run("UPDATE idempotency_keys SET locked_until = now()")
    answer = place(basket(), key="k")
    assert (answer.status_code, answer.json["state"]) == (201, "confirmed")
    assert (database.row("SELECT count(*) AS n FROM orders") or {})["n"] == 1
    assert sum(shop.payments.captures.values()) == 1
