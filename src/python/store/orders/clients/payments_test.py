"""The payment client against an HTTP server that answers as Stripe documents."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from store.orders.clients import payments as payment_client
from store.orders.clients.payments import MAX_REFUND_KEYS, Intent, Payments, Repayment
from store.orders.errors import PaymentDeclined, PaymentFrozen, PaymentUnknown
from store.orders.testing.fake_stripe import Stripe
from store.server.clock import now
from store.server.ids import new_id
from store.server.outbound.breaker import FAILURES

ORDER = new_id()
PI: dict[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "status": "requires_capture",
    "amount_capturable": 2580,
    "amount_received": 0,
    "metadata": {"order_id": str(ORDER)},
}
TAKEN = {**PI, "status": "succeeded", "amount_capturable": 0, "amount_received": 2580}
GONE = {**PI, "status": "canceled", "amount_capturable": 0}
REFUND = {"id": "re_1", "object": "refund", "status": "succeeded", "metadata": {}}


@pytest.fixture
def stripe() -> Stripe:
    return Stripe()


@pytest.fixture
def payments(stripe: Stripe) -> Iterator[Payments]:
    with stripe.served() as url:
        yield Payments(url, "sk_test_1", "https://shop/paid")


def authorise(payments: Payments) -> Intent:
    return payments.authorise(ORDER, 2580, "EUR", "pm_card_visa")


def test_money_is_put_aside_by_a_key_of_the_order(payments: Payments, stripe: Stripe) -> None:
    stripe.says(PI)
    ours = Intent("pi_1", "requires_capture", capturable=2580, order_id=str(ORDER))
    assert authorise(payments) == ours
    ((path, form, headers),) = stripe.asked
    assert path == "POST /v1/payment_intents"
    assert form == {
        "amount": "2580",
        "currency": "eur",
        "capture_method": "manual",
        "confirm": "true",
        "payment_method": "pm_card_visa",
        "allowed_payment_method_types[0]": "card",
        "metadata[order_id]": str(ORDER),
        "return_url": "https://shop/paid",
    }
    assert headers["Idempotency-Key"] == f"order-{ORDER}-authorise"
    assert headers["Stripe-Version"] == payment_client.API_VERSION
    assert "X-Stripe-Client-Telemetry" not in headers


def test_a_challenge_names_the_banks_page(payments: Payments, stripe: Stripe) -> None:
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank/3ds"}}
    stripe.says({**PI, "status": "requires_action", "next_action": action})
    assert authorise(payments).next_action == "https://bank/3ds"


def test_a_failed_challenge_says_why(payments: Payments, stripe: Stripe) -> None:
    error = {"code": "payment_intent_authentication_failure"}
    stripe.says({**PI, "status": "requires_payment_method", "last_payment_error": error})
    assert payments.look("pi_1").decline_code == "payment_intent_authentication_failure"


def test_a_declined_card_leaves_an_attempt_to_cancel(payments: Payments, stripe: Stripe) -> None:
    stripe.refuses(
        402,
        "card_error",
        code="card_declined",
        decline_code="insufficient_funds",
        payment_intent={**PI, "status": "requires_payment_method"},
    )
    with pytest.raises(PaymentDeclined) as declined:
        authorise(payments)
    assert (declined.value.decline_code, declined.value.intent_id) == ("insufficient_funds", "pi_1")


def test_what_makes_no_sense_is_a_definite_no(payments: Payments, stripe: Stripe) -> None:
    stripe.refuses(400, "invalid_request_error", code="amount_too_small", param="amount")
    with pytest.raises(PaymentDeclined) as declined:
        authorise(payments)
    assert (declined.value.decline_code, declined.value.intent_id) == ("amount_too_small", None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, "api_error"),
        (503, "api_error"),
        (429, "rate_limit_error"),
        (409, "idempotency_error"),
        (400, "idempotency_error"),
        (401, "invalid_request_error"),
        (403, "invalid_request_error"),
    ],
)
def test_every_other_error_leaves_the_outcome_unknown(
    payments: Payments, stripe: Stripe, status: int, kind: str
) -> None:
    stripe.refuses(status, kind)
    with pytest.raises(PaymentUnknown) as unknown:
        authorise(payments)
    assert "sk_test_1" not in str(unknown.value)


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b"", b"[]"])
def test_an_answer_that_is_none_leaves_the_outcome_unknown(
    payments: Payments, stripe: Stripe, body: bytes
) -> None:
    stripe.says(body, 502)
    with pytest.raises(PaymentUnknown):
        authorise(payments)


def test_a_closed_port_leaves_the_outcome_unknown() -> None:
    with pytest.raises(PaymentUnknown):
        authorise(Payments("http://127.0.0.1:1", "sk_test_1"))


def test_a_gateway_that_does_not_answer_is_left_alone_for_a_moment(
    payments: Payments, stripe: Stripe
) -> None:
    for _ in range(FAILURES):
        stripe.refuses(503, "api_error")
    for _ in range(FAILURES + 3):
        with pytest.raises(PaymentUnknown):
            authorise(payments)
    assert len(stripe.asked) == FAILURES


def test_a_gateway_that_refuses_is_asked_on(payments: Payments, stripe: Stripe) -> None:
    for _ in range(FAILURES + 3):
        stripe.refuses(402, "card_error", code="card_declined")
        with pytest.raises(PaymentDeclined):
            authorise(payments)
    assert len(stripe.asked) == FAILURES + 3


def test_a_repeated_internal_error_is_told_apart(payments: Payments, stripe: Stripe) -> None:
    stripe.refuses(500, "api_error", replayed=True)
    with pytest.raises(PaymentFrozen):
        authorise(payments)


def test_a_key_that_the_gateway_knows_with_other_parameters_is_looked_behind(
    payments: Payments, stripe: Stripe
) -> None:
    stripe.refuses(400, "idempotency_error")
    with pytest.raises(PaymentFrozen):
        authorise(payments)


def test_a_payment_is_found_by_its_order(payments: Payments, stripe: Stripe) -> None:
    other = {**PI, "id": "pi_0", "metadata": {}}
    page = {"object": "list", "data": [other, PI], "has_more": False, "url": "/v1/payment_intents"}
    stripe.says(page)
    stripe.says({**page, "data": [other]})
    found = payments.find(ORDER, now() - timedelta(days=1))
    assert found is not None
    assert found.id == "pi_1"
    assert payments.find(ORDER, now()) is None


@pytest.mark.parametrize(("verb", "goal"), [("capture", TAKEN), ("cancel", GONE)])
def test_a_payment_is_settled_once(
    payments: Payments, stripe: Stripe, verb: str, goal: dict[str, Any]
) -> None:
    settle: Callable[..., Intent] = getattr(payments, verb)
    stripe.says(goal)
    assert settle(ORDER, "pi_1").status == goal["status"]
    assert stripe.asked[0][0] == f"POST /v1/payment_intents/pi_1/{verb}"
    assert stripe.keys == [f"order-{ORDER}-{verb}"]


@pytest.mark.parametrize(
    ("verb", "found"), [("capture", TAKEN), ("cancel", GONE), ("cancel", TAKEN)]
)
def test_what_was_settled_before_is_found_settled(
    payments: Payments, stripe: Stripe, verb: str, found: dict[str, Any]
) -> None:
    settle: Callable[..., Intent] = getattr(payments, verb)
    stripe.refuses(400, "invalid_request_error", code="payment_intent_unexpected_state")
    stripe.says(found)
    assert settle(ORDER, "pi_1").status == found["status"]


def test_a_payment_that_is_gone_cannot_be_captured(payments: Payments, stripe: Stripe) -> None:
    stripe.refuses(400, "invalid_request_error", code="payment_intent_unexpected_state")
    stripe.says(GONE)
    with pytest.raises(PaymentDeclined):
        payments.capture(ORDER, "pi_1")


@pytest.mark.parametrize("found", [PI, TAKEN])
def test_a_frozen_capture_is_looked_behind(
    payments: Payments, stripe: Stripe, found: dict[str, Any]
) -> None:
    stripe.refuses(500, "api_error", replayed=True)
    stripe.says(found)
    stripe.says(TAKEN)
    assert payments.capture(ORDER, "pi_1").received == 2580
    assert len(stripe.asked) == (3 if found is PI else 2)
    assert len(set(stripe.keys)) == len(stripe.keys)


def test_a_refund_has_a_key_of_its_own(payments: Payments, stripe: Stripe) -> None:
    refund_id = new_id()
    stripe.says(REFUND)
    assert payments.refund(refund_id, ORDER, "pi_1", 500) == Repayment("re_1", "succeeded")
    assert stripe.keys == [f"refund-{refund_id}"]
    assert stripe.asked[0][1]["amount"] == "500"


@pytest.mark.parametrize("made", [True, False])
def test_a_frozen_refund_is_looked_for_before_it_is_asked_again(
    payments: Payments, stripe: Stripe, made: bool
) -> None:
    refund_id = new_id()
    known = [{**REFUND, "metadata": {"refund_id": str(refund_id)}}] if made else []
    stripe.refuses(500, "api_error", replayed=True)
    stripe.says({"object": "list", "data": known, "has_more": False, "url": "/v1/refunds"})
    stripe.says({**REFUND, "id": "re_2"})
    assert payments.refund(refund_id, ORDER, "pi_1", 500).id == ("re_1" if made else "re_2")


def test_two_who_find_a_frozen_refund_unmade_ask_for_one_and_the_same(
    payments: Payments, stripe: Stripe
) -> None:
    refund_id = new_id()
    for _ in range(2):
        stripe.refuses(500, "api_error", replayed=True)
        stripe.says({"object": "list", "data": [], "has_more": False, "url": "/v1/refunds"})
        stripe.says(REFUND)
        payments.refund(refund_id, ORDER, "pi_1", 500)
    keys = [key for key in stripe.keys if key]
    assert keys == [f"refund-{refund_id}", f"refund-{refund_id}-1"] * 2


def test_a_refund_that_stays_frozen_is_unknown(payments: Payments, stripe: Stripe) -> None:
    for _ in range(MAX_REFUND_KEYS):
        stripe.refuses(500, "api_error", replayed=True)
        stripe.says({"object": "list", "data": [], "has_more": False, "url": "/v1/refunds"})
    with pytest.raises(PaymentFrozen):
        payments.refund(new_id(), ORDER, "pi_1", 500)


def test_a_pending_refund_is_looked_at(payments: Payments, stripe: Stripe) -> None:
    stripe.says({**REFUND, "status": "failed", "failure_reason": "lost_or_stolen_card"})
    failed = Repayment("re_1", "failed", "lost_or_stolen_card")
    assert payments.look_at_refund("re_1") == failed


@pytest.mark.parametrize("look", ["look", "look_at_refund"])
def test_what_the_gateway_does_not_show_is_not_refused_by_it(
    payments: Payments, stripe: Stripe, look: str
) -> None:
    stripe.refuses(404, "invalid_request_error", code="resource_missing")
    with pytest.raises(PaymentUnknown):
        getattr(payments, look)("id_1")
