"""Placing, reading and cancelling over HTTP."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller
from store.auth.testing import Signer
from store.orders.testing import PRICE, FakeShop
from store.server.ids import new_id

ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}


def basket(**changes: Any) -> dict[str, Any]:
    return {
        "currency": "EUR",
        "lines": [{"sku": "MUG", "quantity": 2}],
        "payment_method": "pm_card_visa",
        "shipping_address": ADDRESS,
    } | changes


@pytest.fixture
def place(client: FlaskClient, signer: Signer, buyer: Caller) -> Any:
    def place(body: dict[str, Any] | None = None, key: str = "", who: Caller = buyer) -> Any:
        headers = {**signer.headers(who), "Idempotency-Key": key or str(new_id())}
        return client.post("/v1/orders", json=body or basket(), headers=headers)

    return place


def test_placing_an_order_takes_the_money_and_the_stock(place: Any, shop: FakeShop) -> None:
    answer = place()
    order, order_id = answer.json, UUID(answer.json["id"])
    assert (answer.status_code, order["state"], order["reason"]) == (201, "confirmed", None)
    assert answer.headers["Location"] == f"/v1/orders/{order_id}"
    assert (order["total"], order["refunded"], order["payment"]["status"]) == (
        2 * PRICE,
        0,
        "succeeded",
    )
    assert order["lines"] == [
        {"sku": "MUG", "name": "A MUG", "quantity": 2, "unit_price": PRICE, "total": 2 * PRICE}
    ]
    assert (shop.payments.taken(order_id), shop.payments.held(order_id)) == (2 * PRICE, 0)
    assert (shop.inventory.state_of(order_id), shop.inventory.shelf["MUG"]) == ("committed", 3)
