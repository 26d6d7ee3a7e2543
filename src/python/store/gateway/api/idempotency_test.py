"""Idempotency keys behave as docs.stripe.com/api/idempotent_requests says."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests
import stripe

from store.gateway.testing.process import GatewayProcess

Pay = Callable[..., stripe.PaymentIntent]
FORM = {"amount": "900", "currency": "eur"}


def test_a_repeated_key_gets_the_first_answer_again(
    pay: Pay, sdk: stripe.StripeClient, gateway: str, http: requests.Session
) -> None:
    key = str(uuid4())
    first = http.post(f"{gateway}/v1/payment_intents", FORM, headers={"Idempotency-Key": key})
    again = http.post(f"{gateway}/v1/payment_intents", FORM, headers={"Idempotency-Key": key})
    assert (again.status_code, again.content) == (200, first.content)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert again.headers["Idempotency-Key"] == key


def test_a_decline_is_replayed_too(pay: Pay, sdk: stripe.StripeClient) -> None:
    key, ids = str(uuid4()), set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            pay("pm_card_chargeDeclined", idempotency_key=key)
        assert declined.value.error
        assert declined.value.error.payment_intent
        ids.add(declined.value.error.payment_intent.id)
    assert len(ids) == 1


def test_a_key_belongs_to_its_parameters_and_its_endpoint(
    pay: Pay, sdk: stripe.StripeClient
) -> None:
    key = str(uuid4())
    intent = pay(idempotency_key=key)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        pay(amount=2001, idempotency_key=key)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        sdk.v1.payment_intents.capture(intent.id, options={"idempotency_key": key})
    assert sdk.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_a_refused_parameter_does_not_use_up_the_key(pay: Pay) -> None:
    key = str(uuid4())
    with pytest.raises(stripe.InvalidRequestError):
        pay(amount=-1, idempotency_key=key)
    assert pay(idempotency_key=key).status == "requires_capture"


def test_many_at_once_do_the_work_once(
    sdk: stripe.StripeClient, gateway: str, http: requests.Session
) -> None:
    key, together = str(uuid4()), threading.Barrier(8)

    def attempt(_: int) -> str:
        together.wait(10)
        headers = {"Idempotency-Key": key}
        answer = http.post(f"{gateway}/v1/payment_intents", FORM, headers=headers).json()
        return str(answer.get("id") or answer["error"]["code"])

    with ThreadPoolExecutor(8) as pool:
        outcomes = set(pool.map(attempt, range(8)))
    assert len(outcomes - {"idempotency_key_in_use"}) == 1
    again = sdk.v1.payment_intents.create(
        {"amount": 900, "currency": "eur"}, {"idempotency_key": key}
    )
    assert again.id in outcomes


def test_a_second_replica_knows_the_keys_of_the_first(
    pay: Pay,
    gateway: str,
    database_url: str,
    start_gateway: Callable[[str, str], GatewayProcess],
    http: requests.Session,
) -> None:
    key = str(uuid4())
    other = start_gateway(database_url, "").url
    answers = [
        http.post(f"{url}/v1/payment_intents", FORM, headers={"Idempotency-Key": key})
        for url in (gateway, other)
    ]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
