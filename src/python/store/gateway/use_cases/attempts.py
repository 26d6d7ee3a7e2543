"""Trying a payment: what the card does, and what becomes of the intent.

The life of an intent follows docs.stripe.com/payments/paymentintents/lifecycle.
"""

from dataclasses import dataclass
from datetime import datetime

from store.gateway.errors import InvalidRequest, NoSuchThing, Unrecognized
from store.gateway.models.cards import AUTHENTICATION_REQUIRED, Card, Decline, card_of
from store.gateway.models.ids import new_id
from store.gateway.models.payments import (
    Charge,
    Payment,
    PaymentIntent,
    find_payment,
    intent_of_challenge,
    payment_for_update,
)
from store.gateway.models.tables import database
from store.gateway.use_cases.objects import intent_object, payment_error
from store.gateway.use_cases.unit_of_work import UnitOfWork
from store.server.clock import now

_NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either"
    " update the PaymentIntent with a payment method and then confirm it again, or confirm it again"
    " directly with a payment method."
)
_NO_CHALLENGE = "There is no such challenge, or it is over."
_UNAUTHENTICATED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a"
    " new PaymentMethod to attempt to fulfill this PaymentIntent again."
)


@dataclass(frozen=True)
class Confirmation:
    """How a payment is to be tried."""

    payment_method: str | None = None
    return_url: str | None = None
    off_session: bool = False
    error_on_requires_action: bool = False

    @property
    def refuses_challenge(self) -> bool:
        """Whether the attempt fails rather than sending the buyer to 3-D Secure."""
        return self.off_session or self.error_on_requires_action


def attempt(unit: UnitOfWork, intent: PaymentIntent, how: Confirmation) -> Charge | None:
    """Try the payment; the charge, unless the buyer has to act first."""
    intent.payment_method = how.payment_method or intent.payment_method
    if intent.payment_method is None:
        raise InvalidRequest(_NO_METHOD, code="payment_intent_unexpected_state")
    intent.return_url = how.return_url or intent.return_url
    intent.last_payment_error = intent.challenge = None
    card = card_of(intent.payment_method) or Card()
    if not card.asks_the_buyer:
        return _settle(unit, intent, card)
    if how.refuses_challenge:
        return _decline(unit, intent, AUTHENTICATION_REQUIRED)
    intent.status, intent.challenge = "requires_action", new_id("challenge", 32)
    publish(unit, "payment_intent.requires_action", intent, None)
    return None


def _settle(unit: UnitOfWork, intent: PaymentIntent, card: Card) -> Charge:
    """Ask the issuer: the charge that comes of it."""
    if card.decline:
        return _decline(unit, intent, card.decline)
    charge = _new_charge(intent)
    if intent.capture_method == "manual":
        intent.status = "requires_capture"
        publish(unit, "payment_intent.amount_capturable_updated", intent, charge)
    else:
        take(intent, charge, intent.amount)
        publish(unit, "payment_intent.succeeded", intent, charge)
    return charge


def take(intent: PaymentIntent, charge: Charge, amount: int) -> None:
    """Capture an amount; the rest of what was authorised is released."""
    intent.status, intent.amount_received, charge.amount_captured = "succeeded", amount, amount


def _decline(unit: UnitOfWork, intent: PaymentIntent, decline: Decline) -> Charge:
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
    publish(unit, "payment_intent.payment_failed", intent, charge)
    return charge


def _new_charge(intent: PaymentIntent) -> Charge:
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


def challenged(challenge: str) -> PaymentIntent:
    """The intent whose buyer has been sent to this 3-D Secure challenge."""
    intent_id = intent_of_challenge(challenge)
    payment = find_payment(intent_id) if intent_id else None
    if payment is None:
        raise Unrecognized(_NO_CHALLENGE)
    return payment[0]


def answer_challenge(unit: UnitOfWork, challenge: str, *, passed: bool) -> PaymentIntent:
    """The buyer passed 3-D Secure, or failed: the intent afterwards."""
    with database.transaction():
        intent, latest = locked_payment(intent_of_challenge(challenge) or "")
        if intent.challenge != challenge:
            raise Unrecognized(_NO_CHALLENGE)
        intent.challenge = None
        if passed:
            charge = _settle(unit, intent, card_of(intent.payment_method or "") or Card())
            charge.insert(unit.batch)
        else:
            code, kind = "payment_intent_authentication_failure", "invalid_request_error"
            intent.last_payment_error = payment_error(intent, kind, _UNAUTHENTICATED, code=code)
            intent.status, intent.payment_method = "requires_payment_method", None
            publish(unit, "payment_intent.payment_failed", intent, latest)
        intent.update(unit.batch)
        unit.save()
    return intent


def locked_payment(intent_id: str) -> Payment:
    """The intent and its latest charge, locked until the transaction ends; or NoSuchThing."""
    payment = payment_for_update(intent_id)
    if payment is None:
        raise NoSuchThing("payment_intent", intent_id, "intent")
    return payment


def publish(unit: UnitOfWork, type_: str, intent: PaymentIntent, charge: Charge | None) -> None:
    """Publish an event with the intent as it is now."""
    unit.publish(type_, intent_object(intent, charge, unit.public_url), intent.id)


def moment() -> datetime:
    """Now, in whole seconds: so Stripe counts, and filters."""
    return now().replace(microsecond=0)
