"""Payments as the official SDK sees them."""

from collections.abc import Callable

import pytest
import requests
import stripe

Pay = Callable[..., stripe.PaymentIntent]


def test_a_good_card_is_authorised_and_captured_later(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay(metadata={"order_id": "42"}, description="two mugs")
    assert money_of(intent) == ("requires_capture", 2000, 0)
    assert (intent.metadata["order_id"], intent.description) == ("42", "two mugs")
    captured = sdk.v1.payment_intents.capture(intent.id)
    assert money_of(captured) == ("succeeded", 0, 2000)
    assert sdk.v1.payment_intents.retrieve(intent.id).to_dict() == captured.to_dict()


def test_an_automatic_capture_takes_the_money_at_once(pay: Pay) -> None:
    assert money_of(pay(capture_method="automatic")) == ("succeeded", 0, 2000)


def test_a_partial_capture_releases_the_rest(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay()
    captured = sdk.v1.payment_intents.capture(
        intent.id, {"amount_to_capture": 700, "expand": ["latest_charge"]}
    )
    charge = captured.latest_charge
    assert money_of(captured) == ("succeeded", 0, 700)
    assert isinstance(charge, stripe.Charge)
    assert (charge.amount, charge.amount_captured, charge.captured) == (2000, 700, True)


def test_more_than_authorised_cannot_be_captured(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.payment_intents.capture(intent.id, {"amount_to_capture": 2001})
    assert (refused.value.code, refused.value.param) == ("amount_too_large", "amount_to_capture")
    assert sdk.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_what_is_captured_cannot_be_captured_again_or_canceled(
    pay: Pay, sdk: stripe.StripeClient
) -> None:
    intent = pay(capture_method="automatic")
    for again in (sdk.v1.payment_intents.capture, sdk.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            again(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"
        assert refused.value.error
        assert refused.value.error.payment_intent
        assert refused.value.error.payment_intent.status == "succeeded"


def test_an_authorised_payment_can_be_canceled(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay()
    canceled = sdk.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert money_of(canceled) == ("canceled", 0, 0)
    assert (canceled.cancellation_reason, canceled.canceled_at is not None) == ("abandoned", True)


@pytest.mark.parametrize(
    ("payment_method", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_declined_card_is_a_card_error(
    payment_method: str, code: str, decline_code: str, pay: Pay, sdk: stripe.StripeClient
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(payment_method)
    error = declined.value.error
    assert (declined.value.http_status, declined.value.code) == (402, code)
    assert error
    assert (error.type, error.decline_code) == ("card_error", decline_code)
    assert error.payment_method
    assert error.payment_method.id == payment_method
    assert error.payment_intent
    intent = sdk.v1.payment_intents.retrieve(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert money_of(intent) == ("requires_payment_method", 0, 0)
    assert intent.last_payment_error
    assert intent.last_payment_error.decline_code == decline_code
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.latest_charge.id, intent.latest_charge.status) == (error.charge, "failed")


def test_another_card_saves_a_declined_payment(pay: Pay, sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay("pm_card_chargeDeclined")
    assert declined.value.error
    assert declined.value.error.payment_intent
    intent_id = declined.value.error.payment_intent.id
    intent = sdk.v1.payment_intents.confirm(intent_id, {"payment_method": "pm_card_mastercard"})
    assert money_of(intent) == ("requires_capture", 2000, 0)
    assert intent.last_payment_error is None


def test_a_payment_without_a_method_is_not_made_at_all(sdk: stripe.StripeClient) -> None:
    before = newest_event(sdk)
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        sdk.v1.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "confirm": True,
                "allowed_payment_method_types": ["card"],
            }
        )
    assert newest_event(sdk) == before


def test_a_payment_can_be_made_first_and_confirmed_later(sdk: stripe.StripeClient) -> None:
    intent = sdk.v1.payment_intents.create({"amount": 500, "currency": "USD"})
    assert (intent.status, intent.currency) == ("requires_payment_method", "usd")
    assert intent.client_secret
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        sdk.v1.payment_intents.confirm(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="at least 50 usd"):
        sdk.v1.payment_intents.update(intent.id, {"amount": 49})
    changed = sdk.v1.payment_intents.update(
        intent.id,
        {"payment_method": "pm_card_amex", "amount": 700, "metadata": {"a": "1", "b": "2"}},
    )
    assert (changed.status, changed.amount) == ("requires_confirmation", 700)
    changed = sdk.v1.payment_intents.update(intent.id, {"metadata": {"a": ""}})
    assert dict(changed.metadata.to_dict()) == {"b": "2"}
    assert money_of(sdk.v1.payment_intents.confirm(intent.id)) == ("succeeded", 0, 700)


def test_a_buyer_passes_three_d_secure_and_returns(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay("pm_card_threeDSecure2Required", return_url="http://shop.example/thanks?order=7")
    assert money_of(intent) == ("requires_action", 0, 0)
    assert intent.next_action
    assert intent.next_action.redirect_to_url
    url = intent.next_action.redirect_to_url.url
    assert url
    assert "Complete authentication" in requests.get(url, timeout=5).text
    answer = requests.post(url, {"outcome": "complete"}, timeout=5, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(
        f"http://shop.example/thanks?order=7&payment_intent={intent.id}&"
    )
    assert answer.headers["Location"].endswith("&redirect_status=succeeded")
    assert money_of(sdk.v1.payment_intents.retrieve(intent.id)) == ("requires_capture", 2000, 0)
    assert requests.post(url, {"outcome": "complete"}, timeout=5).status_code == 404


def test_a_buyer_fails_three_d_secure(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay("pm_card_authenticationRequired")
    answer = requests.post(challenge_of(intent), {"outcome": "fail"}, timeout=5)
    assert "requires_payment_method" in answer.text
    failed = sdk.v1.payment_intents.retrieve(intent.id)
    assert money_of(failed) == ("requires_payment_method", 0, 0)
    assert failed.last_payment_error
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"


def test_a_card_may_decline_after_three_d_secure(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay("pm_card_threeDSecureRequiredChargeDeclined")
    requests.post(challenge_of(intent), {"outcome": "complete"}, timeout=5).raise_for_status()
    declined = sdk.v1.payment_intents.retrieve(intent.id)
    assert declined.status == "requires_payment_method"
    assert declined.last_payment_error
    assert declined.last_payment_error.decline_code == "generic_decline"


@pytest.mark.parametrize("how", [{"off_session": True}, {"error_on_requires_action": True}])
def test_nobody_there_to_authenticate_is_a_decline(how: dict[str, bool], pay: Pay) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay("pm_card_authenticationRequired", **how)
    assert declined.value.code == "authentication_required"


def test_a_waiting_challenge_ends_with_the_payment(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay("pm_card_threeDSecure2Required")
    sdk.v1.payment_intents.cancel(intent.id)
    assert requests.get(challenge_of(intent), timeout=5).status_code == 404


def test_payments_are_listed_newest_first_over_pages(pay: Pay, sdk: stripe.StripeClient) -> None:
    made = [pay(amount=500 + number).id for number in range(5)]
    first = sdk.v1.payment_intents.retrieve(made[0])
    page = sdk.v1.payment_intents.list(
        {"limit": 2, "created": {"gte": first.created}, "expand": ["data.latest_charge"]}
    )
    listed = list(page.auto_paging_iter())
    assert [intent.id for intent in listed][:5] == made[::-1]
    assert all(isinstance(intent.latest_charge, stripe.Charge) for intent in listed[:5])
    then = sdk.v1.payment_intents.list({"created": first.created}).auto_paging_iter()
    assert made[0] in [intent.id for intent in then]
    before = sdk.v1.payment_intents.list({"ending_before": made[0], "limit": 3})
    assert [intent.id for intent in before] == made[3:0:-1]
    assert [intent.id for intent in before.auto_paging_iter()][:4] == made[1:5]


def money_of(intent: stripe.PaymentIntent) -> tuple[str, int, int]:
    return intent.status, intent.amount_capturable, intent.amount_received


def newest_event(sdk: stripe.StripeClient) -> str | None:
    return next((event.id for event in sdk.v1.events.list({"limit": 1})), None)


def challenge_of(intent: stripe.PaymentIntent) -> str:
    assert intent.next_action
    assert intent.next_action.redirect_to_url
    return intent.next_action.redirect_to_url.url or ""
