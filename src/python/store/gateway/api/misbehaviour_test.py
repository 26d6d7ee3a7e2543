"""The gateway misbehaves exactly as ordered, and never loses or doubles money over it."""

import time
from collections.abc import Callable
from uuid import uuid4

import pytest
import requests
import stripe

from store.gateway.testing.process import API_KEY

Pay = Callable[..., stripe.PaymentIntent]
Order = Callable[..., None]
CREATE = "POST /v1/payment_intents"


def test_an_answer_may_be_late(pay: Pay, order_fault: Order) -> None:
    order_fault("delay", path=CREATE, seconds=0.3)
    began = time.monotonic()
    pay()
    assert time.monotonic() - began >= 0.3
    began = time.monotonic()
    pay()
    assert time.monotonic() - began < 0.3


def test_work_may_be_done_without_an_answer(pay: Pay, order_fault: Order) -> None:
    key = str(uuid4())
    order_fault("drop_after_work", path=CREATE)
    with pytest.raises(stripe.APIConnectionError):
        pay(idempotency_key=key)
    intent = pay(idempotency_key=key)
    assert intent.status == "requires_capture"
    assert intent.last_response
    assert intent.last_response.headers["Idempotent-Replayed"] == "true"


def test_the_sdks_own_retry_finds_the_work_done(
    gateway: str, http: requests.Session, sdk: stripe.StripeClient, order_fault: Order
) -> None:
    retrying = stripe.StripeClient(
        API_KEY,
        base_addresses={"api": gateway},
        http_client=stripe.RequestsClient(session=http),
        max_network_retries=2,
    )
    mark = str(uuid4())
    order_fault("drop_after_work", path=CREATE)
    made = retrying.v1.payment_intents.create(
        {"amount": 900, "currency": "eur", "metadata": {"mark": mark}}
    )
    newest = sdk.v1.payment_intents.list({"limit": 2}).data
    assert [intent.id for intent in newest if intent.metadata.to_dict().get("mark") == mark] == [
        made.id
    ]


def test_a_connection_may_be_lost_before_the_work(pay: Pay, order_fault: Order) -> None:
    key = str(uuid4())
    order_fault("drop_before_work", path=CREATE)
    with pytest.raises(stripe.APIConnectionError):
        pay(idempotency_key=key)
    intent = pay(idempotency_key=key)
    assert intent.last_response
    assert "Idempotent-Replayed" not in intent.last_response.headers


def test_an_early_500_leaves_the_key_unused(pay: Pay, order_fault: Order) -> None:
    key = str(uuid4())
    order_fault("error_500", path=CREATE)
    with pytest.raises(stripe.APIError) as failed:
        pay(idempotency_key=key)
    assert failed.value.http_status == 500
    assert pay(idempotency_key=key).status == "requires_capture"


def test_a_late_500_is_the_keys_answer_though_the_work_is_done(
    pay: Pay, sdk: stripe.StripeClient, order_fault: Order
) -> None:
    key, mark = str(uuid4()), str(uuid4())
    order_fault("error_500_after_work", path=CREATE)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            pay(idempotency_key=key, metadata={"mark": mark})
        assert failed.value.http_status == 500
    newest = sdk.v1.payment_intents.list({"limit": 1}).data[0]
    assert (newest.metadata["mark"], newest.status) == (mark, "requires_capture")


def test_too_many_requests_are_refused_for_a_while(pay: Pay, order_fault: Order) -> None:
    order_fault("rate_limit", path="POST /v1/*", times=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            pay()
    assert pay().status == "requires_capture"


def test_a_fault_keeps_to_its_path(
    pay: Pay, sdk: stripe.StripeClient, order_fault: Order, gateway: str, http: requests.Session
) -> None:
    order_fault("error_500", path="POST /v1/payment_intents/*/capture")
    intent = pay()
    with pytest.raises(stripe.APIError):
        sdk.v1.payment_intents.capture(intent.id)
    assert sdk.v1.payment_intents.capture(intent.id).status == "succeeded"
    [fault] = http.get(f"{gateway}/v1/test_helpers/faults").json()["data"]
    assert (fault["kind"], fault["times"], fault["times_left"]) == ("error_500", 1, 0)


def test_an_underscore_in_a_path_is_only_itself(pay: Pay, order_fault: Order) -> None:
    order_fault("error_500", path="POST /v1/payment?intents%")
    assert pay().status == "requires_capture"


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"kind": "nonsense"},
        {"kind": ["delay"]},
        {"kind": "delay", "times": 0},
        {"kind": "delay", "times": "many"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": "NaN"},
        {"kind": "delay", "unknown": 1},
        {"kind": "delay", "path": "\0"},
    ],
)
def test_a_senseless_order_is_refused(
    order: dict[str, object], gateway: str, http: requests.Session
) -> None:
    assert http.post(f"{gateway}/v1/test_helpers/faults", json=order).status_code == 400
