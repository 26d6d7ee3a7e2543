"""What the gateway's webhooks do, and who may send them."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
import stripe
from flask.testing import FlaskClient

from store.auth.callers import Caller
from store.auth.testing import Signer
from store.orders.conftest import Place
from store.orders.models.queries import order_of
from store.orders.models.tables import database
from store.orders.testing.fake_payments import THREE_D_SECURE
from store.orders.testing.faults import Fault
from store.orders.testing.shop import WEBHOOK_SECRET, FakeShop
from store.server.ids import new_id

Receive = Callable[..., Any]
CAPTURABLE = "payment_intent.amount_capturable_updated"


def event(object_id: str, order_id: str | None, kind: str = CAPTURABLE) -> bytes:
    metadata = {"order_id": order_id} if order_id else {}
    return orjson.dumps(
        {
            "id": f"evt_{new_id().hex}",
            "object": "event",
            "type": kind,
            "data": {"object": {"id": object_id, "object": "payment_intent", "metadata": metadata}},
        }
    )


def signed(body: bytes, secret: str = WEBHOOK_SECRET, age: float = 0) -> str:
    at = int(time.time() - age)
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at))


@pytest.fixture
def receive(client: FlaskClient) -> Receive:
    def receive(body: bytes, signature: str | None = None) -> Any:
        headers = {"Stripe-Signature": signed(body) if signature is None else signature}
        return client.post("/v1/payment/webhook", data=body, headers=headers)

    return receive


def waiting(place: Place, shop: FakeShop) -> tuple[str, str]:
    """An order whose buyer is at his bank, and its payment intent."""
    order = place(payment_method=THREE_D_SECURE).json
    return order["id"], order["payment"]["intent_id"]


def test_a_webhook_moves_the_order_on_at_once(
    place: Place, receive: Receive, shop: FakeShop
) -> None:
    order_id, intent_id = waiting(place, shop)
    shop.payments.pass_challenge(intent_id)
    assert receive(event(intent_id, order_id)).status_code == 204
    assert order_of(UUID(order_id)).state == "confirmed"


def test_a_webhook_without_metadata_is_known_by_its_intent(
    place: Place, receive: Receive, shop: FakeShop
) -> None:
    order_id, intent_id = waiting(place, shop)
    shop.payments.pass_challenge(intent_id)
    receive(event(intent_id, None))
    assert order_of(UUID(order_id)).state == "confirmed"


def test_a_webhook_is_heard_once(place: Place, receive: Receive, shop: FakeShop) -> None:
    order_id, intent_id = waiting(place, shop)
    body = event(intent_id, order_id)
    for _ in range(3):
        assert receive(body).status_code == 204
    assert shop.payments.faults.calls["look"] == 1
    assert (database.row("SELECT count(*) AS n FROM gateway_events") or {})["n"] == 1


def test_a_webhook_is_not_believed(place: Place, receive: Receive, shop: FakeShop) -> None:
    order_id, intent_id = waiting(place, shop)
    receive(event(intent_id, order_id))
    order = order_of(UUID(order_id))
    assert (order.state, order.captured) == ("awaiting_payment", 0)


def test_news_of_an_order_at_rest_change_nothing(
    place: Place, receive: Receive, shop: FakeShop
) -> None:
    order = place().json
    before = order_of(UUID(order["id"]))
    receive(event(order["payment"]["intent_id"], order["id"]))
    assert order_of(UUID(order["id"])) == before


def test_news_that_come_while_somebody_looks_are_not_lost(
    place: Place, receive: Receive, shop: FakeShop
) -> None:
    order_id, intent_id = waiting(place, shop)

    def pass_and_tell() -> None:
        shop.payments.pass_challenge(intent_id)
        receive(event(intent_id, order_id))

    shop.payments.faults.next("look", Fault.STOPPED_AFTER)
    shop.payments.faults.meanwhile = pass_and_tell
    receive(event(intent_id, order_id))
    assert order_of(UUID(order_id)).state == "confirmed"


def test_a_refund_that_comes_back_is_heard_of_even_if_the_gateway_cannot_be_asked_at_first(
    place: Place,
    receive: Receive,
    client: FlaskClient,
    signer: Signer,
    clerk: Caller,
    shop: FakeShop,
) -> None:
    order_id = place().json["id"]
    headers = {**signer.headers(clerk), "Idempotency-Key": "k"}
    path = f"/v1/orders/{order_id}/refunds"
    assert client.post(path, json={"reason": "scratched"}, headers=headers).status_code == 201
    shop.payments.end_refunds("failed")
    refund = order_of(UUID(order_id)).refunds[0]
    news = event(str(refund.gateway_id), None, "refund.failed")
    shop.payments.faults.next("look_at_refund", Fault.TIMED_OUT)
    assert receive(news).status_code == 503
    assert receive(news).status_code == 204
    assert order_of(UUID(order_id)).refunds[0].state == "failed"


def test_news_of_things_we_do_not_know_are_taken_down(receive: Receive) -> None:
    for order_id in (str(new_id()), "7", None):
        assert receive(event("pi_of_somebody_else", order_id)).status_code == 204


@pytest.mark.parametrize(
    "signature",
    ["", "nonsense", "t=1,v1=00", signed(b"{}", "whsec_other"), signed(b"{}", age=400)],
)
def test_a_webhook_that_the_gateway_did_not_sign_is_refused(
    receive: Receive, signature: str
) -> None:
    answer = receive(b"{}", signature)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_signature")


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"no JSON",
        b"[]",
        b"{}",
        b'{"id": "evt_1", "type": "x", "data": {"object": []}}',
        b'{"id": "evt_1", "type": "x", "data": {"object": {"id": "p\\u0000i"}}}',
        b'{"id": 7, "type": "x", "data": {"object": {"id": ["pi"]}}}',
    ],
)
def test_a_webhook_that_says_nothing_is_refused(receive: Receive, body: bytes) -> None:
    signature = signed(body) if body.isascii() else "t=1,v1=00"
    assert receive(body, signature).status_code == 400
    assert (database.row("SELECT count(*) AS n FROM gateway_events") or {})["n"] == 0
