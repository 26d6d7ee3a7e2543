"""What may be done with a payment intent.

The life of an intent follows docs.stripe.com/payments/paymentintents/lifecycle. Each function runs
inside the transaction of its call (`calls.run`) and looks before it writes.
"""

from datetime import datetime

from store.gateway.calls import Answer, Call
from store.gateway.cards import AUTHENTICATION_REQUIRED, Authentication, Card, Decline, card_of
from store.gateway.errors import InvalidRequest, NoSuchThing, Unrecognized, unexpected_state
from store.gateway.ids import new_id
from store.gateway.models import (
    Charge,
    Intent,
    Payment,
    database,
    find_payment,
    intent_of_challenge,
    list_payments,
    lock_payment,
)
from store.gateway.objects import Object, intent_object, list_object, payment_error
from store.gateway.schemas import (
    Cancellation,
    Capture,
    Confirmation,
    IntentChange,
    ListRequest,
    NewIntent,
)
from store.server.clock import now

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_OPEN, "processing", "requires_capture")
_NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either"
    " update the PaymentIntent with a payment method and then confirm it again, or confirm it again"
    " directly with a payment method."
)
_UNAUTHENTICATED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a"
    " new PaymentMethod to attempt to fulfill this PaymentIntent again."
)


def create(call: Call, wanted: NewIntent) -> Answer:
    """A new payment intent, tried at once when `confirm` is set."""
    intent = _new_intent(wanted)
    _tell(call, "payment_intent.created", intent, None)
    charge = _attempt(call, intent, wanted.how) if wanted.confirm else None
    intent.insert(call.batch)
    if charge:
        charge.insert(call.batch)
    return _outcome(call, intent, charge)


def confirm(intent_id: str, call: Call, how: Confirmation) -> Answer:
    """Try the payment, or try it again with another payment method."""
    intent, latest = _locked(intent_id)
    if intent.status not in _OPEN:
        ended = "already succeeded after being previously confirmed"
        reason = ended if intent.status == "succeeded" else f"a status of {intent.status}"
        raise _unexpected(
            call, intent, latest, f"You cannot confirm this PaymentIntent because it has {reason}."
        )
    charge = _attempt(call, intent, how)
    intent.update(call.batch)
    if charge:
        charge.insert(call.batch)
    return _outcome(call, intent, charge or latest)


def capture(intent_id: str, call: Call, wanted: Capture) -> Answer:
    """Take the money that was authorised, or a part of it; the rest is released."""
    intent, charge = _locked(intent_id)
    if intent.status != "requires_capture" or charge is None:
        raise _unexpected(call, intent, charge, _not_capturable(intent))
    amount = wanted.amount or intent.amount
    if amount > intent.amount:
        message = "The amount to capture is greater than the amount that was authorized."
        raise InvalidRequest(message, code="amount_too_large", param="amount_to_capture")
    _take(intent, charge, amount)
    intent.update(call.batch)
    charge.update(call.batch)
    _tell(call, "payment_intent.succeeded", intent, charge)
    return _shown(call, intent, charge)


def cancel(intent_id: str, call: Call, wanted: Cancellation) -> Answer:
    """End a payment that has not succeeded; what was authorised is released."""
    intent, charge = _locked(intent_id)
    if intent.status not in _CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. Only"
            f" a PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}."
        )
        raise _unexpected(call, intent, charge, message)
    intent.status, intent.challenge, intent.canceled_at = "canceled", None, _moment()
    intent.cancellation_reason = wanted.reason
    intent.update(call.batch)
    _tell(call, "payment_intent.canceled", intent, charge)
    return _shown(call, intent, charge)


def update(intent_id: str, call: Call, change: IntentChange) -> Answer:
    """Change what may be changed; an empty metadata value removes its key."""
    intent, charge = _locked(intent_id)
    if (change.amount or change.payment_method) and intent.status not in _OPEN[:2]:
        message = (
            f"This PaymentIntent could not be updated because it has a status of {intent.status}."
        )
        raise _unexpected(call, intent, charge, message)
    intent.amount = change.amount or intent.amount
    intent.description = change.description or intent.description
    if change.payment_method:
        intent.payment_method, intent.status = change.payment_method, "requires_confirmation"
    merged = intent.metadata | (change.metadata or {})
    intent.metadata = {key: value for key, value in merged.items() if value}
    intent.update(call.batch)
    return _shown(call, intent, charge)


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
        intent, latest = _locked(intent_of_challenge(challenge) or "")
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


def retrieve(public_url: str, intent_id: str, expand: frozenset[str]) -> Object:
    """One payment intent."""
    payment = find_payment(intent_id)
    if payment is None:
        raise NoSuchThing("payment_intent", intent_id, "intent")
    return intent_object(*payment, public_url, with_charge="latest_charge" in expand)


def page(public_url: str, wanted: ListRequest) -> Object:
    """A page of payment intents, newest first."""
    found = list_payments(wanted)
    with_charge = "data.latest_charge" in wanted.expand
    shown = [
        intent_object(*payment, public_url, with_charge=with_charge)
        for payment in found[: wanted.limit]
    ]
    if wanted.ending_before:
        shown.reverse()
    return list_object(shown, "/v1/payment_intents", has_more=len(found) > wanted.limit)


def _new_intent(wanted: NewIntent) -> Intent:
    method, intent_id = wanted.how.payment_method, new_id("pi")
    return Intent(
        id=intent_id,
        amount=wanted.amount,
        currency=wanted.currency,
        status="requires_confirmation" if method else "requires_payment_method",
        capture_method=wanted.capture_method,
        payment_method=method,
        amount_received=0,
        client_secret=f"{intent_id}_{new_id('secret', 25)}",
        description=wanted.description,
        metadata=wanted.metadata,
        options=wanted.options,
        return_url=wanted.how.return_url,
        challenge=None,
        last_payment_error=None,
        cancellation_reason=None,
        canceled_at=None,
        created_at=_moment(),
    )


def _attempt(call: Call, intent: Intent, how: Confirmation) -> Charge | None:
    """Try the payment; the charge, unless the buyer has to act first."""
    intent.payment_method = how.payment_method or intent.payment_method
    if intent.payment_method is None:
        raise InvalidRequest(_NO_METHOD, code="payment_intent_unexpected_state")
    intent.return_url = how.return_url or intent.return_url
    intent.last_payment_error = intent.challenge = None
    card = card_of(intent.payment_method) or Card()
    if card.authentication is Authentication.NEVER:
        return _settle(call, intent, card)
    if how.refuses_challenge:
        return _decline(call, intent, AUTHENTICATION_REQUIRED)
    intent.status, intent.challenge = "requires_action", new_id("challenge", 32)
    _tell(call, "payment_intent.requires_action", intent, None)
    return None


def _settle(call: Call, intent: Intent, card: Card) -> Charge:
    """Ask the issuer: the charge that comes of it."""
    if card.decline:
        return _decline(call, intent, card.decline)
    charge = _new_charge(intent)
    if intent.capture_method == "manual":
        intent.status = "requires_capture"
        _tell(call, "payment_intent.amount_capturable_updated", intent, charge)
    else:
        _take(intent, charge, intent.amount)
        _tell(call, "payment_intent.succeeded", intent, charge)
    return charge


def _take(intent: Intent, charge: Charge, amount: int) -> None:
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
    _tell(call, "payment_intent.payment_failed", intent, charge)
    return charge


def _fail_authentication(call: Call, intent: Intent, latest: Charge | None) -> None:
    code = "payment_intent_authentication_failure"
    intent.last_payment_error = payment_error(
        intent, "invalid_request_error", _UNAUTHENTICATED, code=code
    )
    intent.status, intent.payment_method = "requires_payment_method", None
    _tell(call, "payment_intent.payment_failed", intent, latest)


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
        created_at=_moment(),
    )


def _locked(intent_id: str) -> Payment:
    payment = lock_payment(intent_id)
    if payment is None:
        raise NoSuchThing("payment_intent", intent_id, "intent")
    return payment


def _no_challenge() -> Unrecognized:
    return Unrecognized("There is no such challenge, or it is over.")


def _outcome(call: Call, intent: Intent, charge: Charge | None) -> Answer:
    """The intent; or 402 with the error when this attempt was declined."""
    error = intent.last_payment_error
    if error is None:
        return _shown(call, intent, charge)
    shown = intent_object(intent, charge, call.public_url)
    return Answer.of({"error": error | {"payment_intent": shown}}, 402)


def _shown(call: Call, intent: Intent, charge: Charge | None) -> Answer:
    with_charge = "latest_charge" in call.expand
    return Answer.of(intent_object(intent, charge, call.public_url, with_charge=with_charge))


def _tell(call: Call, kind: str, intent: Intent, charge: Charge | None) -> None:
    call.tell(kind, intent_object(intent, charge, call.public_url), intent.id)


def _unexpected(call: Call, intent: Intent, charge: Charge | None, message: str) -> InvalidRequest:
    return unexpected_state(message, intent_object(intent, charge, call.public_url))


def _not_capturable(intent: Intent) -> str:
    if intent.status == "succeeded":
        return "This PaymentIntent could not be captured because it has already been captured."
    return (
        f"This PaymentIntent could not be captured because it has a status of {intent.status}. Only"
        " a PaymentIntent with one of the following statuses may be captured: requires_capture."
    )


def _moment() -> datetime:
    # Stripe counts whole seconds, and filters by them.
    return now().replace(microsecond=0)
