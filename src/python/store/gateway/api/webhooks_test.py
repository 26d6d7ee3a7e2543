"""Events reach the webhook: signed, in order, again after a refusal, and wrongly when ordered."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from store.gateway.testing.webhook_receiver import WEBHOOK_SECRET, WebhookReceiver

Pay = Callable[..., stripe.PaymentIntent]
AUTHORISED = ["payment_intent.created", "payment_intent.amount_capturable_updated"]


def test_a_payments_events_arrive_signed_and_in_order(
    pay: Pay, sdk: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    intent = pay(metadata={"order_id": "7"}, idempotency_key="order-7-authorise")
    sdk.v1.payment_intents.capture(intent.id)
    sdk.v1.refunds.create({"payment_intent": intent.id})
    kinds = [*AUTHORISED, "payment_intent.succeeded", "refund.created"]
    assert receiver.wait_for(intent.id, 4) == kinds
    events = receiver.events(intent.id)
    assert events[0].request
    assert events[0].request.idempotency_key == "order-7-authorise"
    snapshot = events[2].to_dict()["data"]["object"]
    assert (snapshot["metadata"], snapshot["amount_received"]) == ({"order_id": "7"}, 2000)
    assert sdk.v1.events.retrieve(events[2].id).to_dict() == events[2].to_dict()


def test_an_event_arrives_in_the_trace_of_its_request(
    pay: Pay, http: requests.Session, receiver: WebhookReceiver
) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    http.headers["traceparent"] = trace
    receiver.wait_for(intent_id := pay().id, 2)
    received = [headers for headers, body in receiver.received if intent_id in body]
    assert [headers["traceparent"] for headers in received] == [trace, trace]


def test_a_wrong_secret_does_not_verify(pay: Pay, receiver: WebhookReceiver) -> None:
    receiver.wait_for(pay().id, 2)
    headers, body = receiver.received[-1]
    signature = headers["Stripe-Signature"]
    stripe.Webhook.construct_event(body, signature, WEBHOOK_SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_other")


@pytest.mark.parametrize(
    ("payment_method", "last"),
    [
        ("pm_card_threeDSecure2Required", "payment_intent.requires_action"),
        ("pm_card_chargeDeclined", "payment_intent.payment_failed"),
    ],
)
def test_what_went_otherwise_is_published_too(
    payment_method: str, last: str, sdk: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    intent = sdk.v1.payment_intents.create({"amount": 800, "currency": "gbp"})
    with contextlib.suppress(stripe.CardError):
        sdk.v1.payment_intents.confirm(intent.id, {"payment_method": payment_method})
    sdk.v1.payment_intents.cancel(intent.id)
    kinds = ["payment_intent.created", last, "payment_intent.canceled"]
    assert receiver.wait_for(intent.id, 3) == kinds


def test_a_refused_event_is_sent_again(
    pay: Pay, receiver: WebhookReceiver, gateway: str, http: requests.Session
) -> None:
    receiver.refusals = 2
    intent = pay()
    assert sorted(receiver.wait_for(intent.id, 2, seconds=20)) == sorted(AUTHORISED)
    event = receiver.events(intent.id)[0].id
    [delivery] = deliveries_of(event, gateway, http)
    assert (delivery["state"], delivery["answer"]) == ("delivered", "200")
    assert delivery["attempts"] >= 2


def test_an_event_may_come_twice(
    pay: Pay, receiver: WebhookReceiver, order_fault: Callable[..., None]
) -> None:
    order_fault("webhook_twice", path="POST /v1/payment_intents")
    intent = pay()
    assert sorted(receiver.wait_for(intent.id, 4)) == sorted(AUTHORISED * 2)
    assert len({event.id for event in receiver.events(intent.id)}) == 2


def test_events_may_come_in_the_wrong_order(
    pay: Pay, receiver: WebhookReceiver, order_fault: Callable[..., None]
) -> None:
    order_fault("webhook_out_of_order", path="POST /v1/payment_intents", seconds=0.5)
    assert receiver.wait_for(pay().id, 2) == AUTHORISED[::-1]


def test_events_may_come_late(
    pay: Pay, receiver: WebhookReceiver, order_fault: Callable[..., None]
) -> None:
    order_fault("webhook_delay", path="POST /v1/payment_intents", seconds=0.5)
    began = time.monotonic()
    assert receiver.wait_for(pay().id, 2) == AUTHORISED
    assert time.monotonic() - began >= 0.5


def test_events_are_listed_by_type(pay: Pay, sdk: stripe.StripeClient) -> None:
    made = [pay().id for _ in range(3)]
    page = sdk.v1.events.list({"type": "payment_intent.created", "limit": 2})
    listed = [event.to_dict()["data"]["object"]["id"] for event in page.auto_paging_iter()]
    assert listed[:3] == made[::-1]


def deliveries_of(event: str, gateway: str, http: requests.Session) -> list[dict[str, Any]]:
    """As soon as they are all done: an event arrives just before we note it."""
    url = f"{gateway}/v1/test_helpers/events/{event}/deliveries"
    for _ in range(100):
        deliveries: list[dict[str, Any]] = http.get(url).json()["data"]
        if all(delivery["state"] == "delivered" for delivery in deliveries):
            return deliveries
        time.sleep(0.05)
    raise AssertionError(deliveries)
