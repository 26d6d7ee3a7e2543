"""Shipping, delivering and refunding over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller
from store.auth.testing import Signer
from store.orders.conftest import Place
from store.orders.testing.fake_inventory import PRICE
from store.orders.testing.fake_payments import DECLINED
from store.orders.testing.faults import Fault, SimulatedCrash
from store.orders.testing.shop import FakeShop, bring_to_rest
from store.server.ids import new_id

PARCEL = {"carrier": "DHL", "tracking_number": "JD014600006281"}
WHOLE = {"reason": "arrived broken"}
Do = Callable[..., Any]


@pytest.fixture
def do(client: FlaskClient, signer: Signer, clerk: Caller) -> Do:
    def do(order_id: str, action: str, body: Any = None, key: str = "") -> Any:
        headers = {**signer.headers(clerk), "Idempotency-Key": key or str(new_id())}
        return client.post(f"/v1/orders/{order_id}/{action}", json=body, headers=headers)

    return do


def test_an_order_is_shipped_and_delivered(place: Place, do: Do) -> None:
    order_id = place().json["id"]
    for _ in range(2):
        answer = do(order_id, "shipments", PARCEL)
        assert (answer.status_code, answer.json["state"]) == (201, "shipped")
        assert answer.json["shipment"]["tracking_number"] == PARCEL["tracking_number"]
    for _ in range(2):
        answer = do(order_id, "delivery")
        assert (answer.status_code, answer.json["state"]) == (200, "delivered")
        assert answer.json["shipment"]["delivered_at"]


def test_an_order_leaves_in_one_parcel(place: Place, do: Do) -> None:
    order_id = place().json["id"]
    do(order_id, "shipments", PARCEL)
    answer = do(order_id, "shipments", {**PARCEL, "tracking_number": "2"})
    assert (answer.status_code, answer.json["code"]) == (409, "already_shipped")


def test_only_what_is_paid_is_shipped_and_only_what_is_shipped_arrives(
    place: Place, do: Do
) -> None:
    rejected, confirmed = place(payment_method=DECLINED).json["id"], place().json["id"]
    answer = do(rejected, "shipments", PARCEL)
    assert (answer.status_code, answer.json["code"]) == (409, "not_shippable")
    answer = do(confirmed, "delivery")
    assert (answer.status_code, answer.json["code"]) == (409, "not_shipped")
    assert do(str(new_id()), "shipments", PARCEL).status_code == 404


def test_an_order_that_is_being_cancelled_is_not_shipped(
    place: Place, do: Do, shop: FakeShop
) -> None:
    order_id = place().json["id"]
    shop.payments.faults.next("refund", *[Fault.TIMED_OUT] * 50)
    assert do(order_id, "cancel").status_code == 202
    assert do(order_id, "shipments", PARCEL).status_code == 409
    assert do(order_id, "refunds", WHOLE).json["code"] == "not_refundable"


def test_a_part_is_refunded_and_then_the_rest(place: Place, do: Do, shop: FakeShop) -> None:
    order_id = place().json["id"]
    part = do(order_id, "refunds", {"amount": 500, "reason": "scratched"})
    assert (part.status_code, part.json["amount"], part.json["state"]) == (201, 500, "succeeded")
    rest = do(order_id, "refunds", WHOLE)
    assert (rest.status_code, rest.json["amount"]) == (201, 2 * PRICE - 500)
    assert shop.payments.taken(UUID(order_id)) == 0
    order = do(order_id, "delivery")
    assert (order.status_code, order.json["state"]) == (409, "refunded")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 2 * PRICE + 1, "reason": "x"}, "amount"),
        ({"amount": 0, "reason": "x"}, "amount"),
        ({"amount": -5, "reason": "x"}, "amount"),
        ({"amount": 1.5, "reason": "x"}, "amount"),
        ({"amount": 5}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "x", "currency": "USD"}, "currency"),
    ],
)
def test_a_bad_refund_is_named_and_leaves_its_key_free(
    place: Place, do: Do, body: dict[str, Any], field: str
) -> None:
    order_id = place().json["id"]
    answer = do(order_id, "refunds", body, key="k")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert do(order_id, "refunds", WHOLE, key="k").status_code == 201


def test_a_refund_is_made_once_whatever_happens(place: Place, do: Do, shop: FakeShop) -> None:
    order_id, body = place().json["id"], {"amount": 500, "reason": "scratched"}
    shop.payments.faults.next("refund", Fault.CRASH_AFTER)
    with pytest.raises(SimulatedCrash):
        do(order_id, "refunds", body, key="k")
    bring_to_rest(UUID(order_id), shop)
    answers = [do(order_id, "refunds", body, key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert shop.payments.taken(UUID(order_id)) == 2 * PRICE - 500


def test_a_refund_that_takes_long_is_promised(place: Place, do: Do, shop: FakeShop) -> None:
    order_id = place().json["id"]
    shop.payments.refund_status = "pending"
    answer = do(order_id, "refunds", WHOLE)
    assert (answer.status_code, answer.json["state"]) == (202, "pending")
    shop.payments.end_refunds("succeeded")
    assert bring_to_rest(UUID(order_id), shop).state == "refunded"


@pytest.mark.parametrize("missing", ["carrier", "tracking_number"])
def test_a_parcel_needs_a_carrier_and_a_number(place: Place, do: Do, missing: str) -> None:
    body = {name: value for name, value in PARCEL.items() if name != missing}
    answer = do(place().json["id"], "shipments", body)
    assert [error["field"] for error in answer.json["errors"]] == [missing]
