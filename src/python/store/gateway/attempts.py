"""Trying a payment: what the card does, and what becomes of the intent.

The life of an intent follows docs.stripe.com/payments/paymentintents/lifecycle.
"""

from datetime import datetime

from store.gateway.calls import Call
from store.gateway.cards import AUTHENTICATION_REQUIRED, Card, Decline, card_of
from store.gateway.errors import InvalidRequest, NoSuchThing, Unrecognized
from store.gateway.ids import new_id
from store.gateway.models import (
    Charge,
    Intent,
    Payment,
    database,
    find_payment,
    intent_of_challenge,
    lock_payment,
)
from store.gateway.objects import intent_object, payment_error
from store.gateway.schemas import Confirmation
from store.server.clock import now

_NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either"
    " update the PaymentIntent with a payment method and then confirm it again, or confirm it again"
    " directly with a payment method."
)
_UNAUTHENTICATED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a"
    " new PaymentMethod to attempt to fulfill this PaymentIntent again."
)


def attempt(call: Call, intent: Intent, how: Confirmation) -> Charge | None:
    """Try the payment; the charge, unless the buyer has to act first."""
    intent.payment_method = how.payment_method or intent.payment_method
    if intent.payment_method is None:
        raise InvalidRequest(_NO_METHOD, code="payment_intent_unexpected_state")
    intent.return_url = how.return_url or intent.return_url
    intent.last_payment_error = intent.challenge = None
    card = card_of(intent.payment_method) or Card()
    if not card.asks_the_buyer:
        return _settle(call, intent, card)
    if how.refuses_challenge:
        return _decline(call, intent, AUTHENTICATION_REQUIRED)
    intent.status, intent.challenge = "requires_action", new_id("challenge", 32)
    tell(call, "payment_intent.requires_action", intent, None)
    return None


def _settle(call: Call, intent: Intent, card: Card) -> Charge:
    """Ask the issuer: the charge that comes of it."""
    if card.decline:
        return _decline(call, intent, card.decline)
    charge = _new_charge(intent)
    if intent.capture_method == "manual":
        intent.status = "requires_capture"
        tell(call, "payment_intent.amount_capturable_updated", intent, charge)
    else:
        take(intent, charge, intent.amount)
        tell(call, "payment_intent.succeeded", intent, charge)
    return charge


def take(intent: Intent, charge: Charge, amount: int) -> None:
    """Capture an amount; the rest of what was authorised is released."""
    intent.status, intent.amount_received, charge.amount_captured = "succeeded", amount, amount


def _decline(call: Call, intent: Intent, decline: Decline) -> Charge:
    charge = _new_charge(intent)
    charge.status = "failed"
    charge.failure = {
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
    }
    intent.last_payment_error = payment_error(
        intent,
        "card_error",
        decline.message,
        code=decline.code,
        param=decline.param,
        decline_code=decline.decline_code,
        charge=charge.id,
    )
    intent.status, intent.payment_method = "requires_payment_method", None
    tell(call, "payment_intent.payment_failed", intent, charge)
    return charge


def _fail_authentication(call: Call, intent: Intent, latest: Charge | None) -> None:
    code = "payment_intent_authentication_failure"
    intent.last_payment_error = payment_error(
        intent, "invalid_request_error", _UNAUTHENTICATED, code=code
    )
    intent.status, intent.payment_method = "requires_payment_method", None
    tell(call, "payment_intent.payment_failed", intent, latest)


def _new_charge(intent: Intent) -> Charge:
    return Charge(
        id=new_id("ch"),
        payment_intent=intent.id,
        amount=intent.amount,
        currency=intent.currency,
        status="succeeded",
        payment_method=intent.payment_method or "",
        amount_captured=0,
        amount_refunded=0,
        failure=None,
        created_at=moment(),
    )


def challenged(challenge: str) -> Intent:
    """The intent whose buyer stands before this 3-D Secure challenge."""
    intent_id = intent_of_challenge(challenge)
    payment = find_payment(intent_id) if intent_id else None
    if payment is None:
        raise _no_challenge()
    return payment[0]


def answer_challenge(call: Call, challenge: str, *, passed: bool) -> Intent:
    """The buyer passed 3-D Secure, or failed: the intent afterwards."""
    with database.transaction():
        intent, latest = locked(intent_of_challenge(challenge) or "")
        if intent.challenge != challenge:
            raise _no_challenge()
        intent.challenge = None
        if passed:
            charge = _settle(call, intent, card_of(intent.payment_method or "") or Card())
            charge.insert(call.batch)
        else:
            _fail_authentication(call, intent, latest)
        intent.update(call.batch)
        call.save()
    return intent


def locked(intent_id: str) -> Payment:
    """The intent and its latest charge, held until the transaction ends; or NoSuchThing."""
    payment = lock_payment(intent_id)
    if payment is None:
        raise NoSuchThing("payment_intent", intent_id, "intent")
    return payment


def _no_challenge() -> Unrecognized:
    return Unrecognized("There is no such challenge, or it is over.")


def tell(call: Call, kind: str, intent: Intent, charge: Charge | None) -> None:
    """Tell an event with the intent as it is now."""
    call.tell(kind, intent_object(intent, charge, call.public_url), intent.id)


def moment() -> datetime:
    """Now, in whole seconds: so Stripe counts, and filters."""
    return now().replace(microsecond=0)
