"""What may be done with a payment intent.

Each function that changes one runs inside the transaction of its call (`calls.run`), and looks
before it writes.
"""

from store.gateway.attempts import attempt, locked, moment, take, tell
from store.gateway.calls import Answer, Call
from store.gateway.errors import InvalidRequest, NoSuchThing, unexpected_state
from store.gateway.ids import new_id
from store.gateway.list_schemas import ListRequest
from store.gateway.listing import list_payments
from store.gateway.models import Charge, Intent, find_payment
from store.gateway.objects import Object, intent_object, list_object
from store.gateway.schemas import (
    Cancellation,
    Capture,
    Confirmation,
    IntentChange,
    NewIntent,
    check_amount,
)

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_OPEN, "processing", "requires_capture")


def create(call: Call, wanted: NewIntent) -> Answer:
    """A new payment intent, tried at once when `confirm` is set."""
    intent = _new_intent(wanted)
    tell(call, "payment_intent.created", intent, None)
    charge = attempt(call, intent, wanted.how) if wanted.confirm else None
    intent.insert(call.batch)
    if charge:
        charge.insert(call.batch)
    return _outcome(call, intent, charge)


def confirm(intent_id: str, call: Call, how: Confirmation) -> Answer:
    """Try the payment, or try it again with another payment method."""
    intent, latest = locked(intent_id)
    if intent.status not in _OPEN:
        ended = "already succeeded after being previously confirmed"
        reason = ended if intent.status == "succeeded" else f"a status of {intent.status}"
        raise _unexpected(
            call, intent, latest, f"You cannot confirm this PaymentIntent because it has {reason}."
        )
    charge = attempt(call, intent, how)
    intent.update(call.batch)
    if charge:
        charge.insert(call.batch)
    return _outcome(call, intent, charge or latest)


def capture(intent_id: str, call: Call, wanted: Capture) -> Answer:
    """Take the money that was authorised, or a part of it; the rest is released."""
    intent, charge = locked(intent_id)
    if intent.status != "requires_capture" or charge is None:
        raise _unexpected(call, intent, charge, _not_capturable(intent))
    amount = wanted.amount or intent.amount
    if amount > intent.amount:
        message = "The amount to capture is greater than the amount that was authorized."
        raise InvalidRequest(message, code="amount_too_large", param="amount_to_capture")
    take(intent, charge, amount)
    intent.update(call.batch)
    charge.update(call.batch)
    tell(call, "payment_intent.succeeded", intent, charge)
    return _shown(call, intent, charge)


def cancel(intent_id: str, call: Call, wanted: Cancellation) -> Answer:
    """End a payment that has not succeeded; what was authorised is released."""
    intent, charge = locked(intent_id)
    if intent.status not in _CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. Only"
            f" a PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}."
        )
        raise _unexpected(call, intent, charge, message)
    intent.status, intent.challenge, intent.canceled_at = "canceled", None, moment()
    intent.cancellation_reason = wanted.reason
    intent.update(call.batch)
    tell(call, "payment_intent.canceled", intent, charge)
    return _shown(call, intent, charge)


def update(intent_id: str, call: Call, change: IntentChange) -> Answer:
    """Change what may be changed; an empty metadata value removes its key."""
    intent, charge = locked(intent_id)
    if (change.amount or change.payment_method) and intent.status not in _OPEN[:2]:
        message = (
            f"This PaymentIntent could not be updated because it has a status of {intent.status}."
        )
        raise _unexpected(call, intent, charge, message)
    intent.amount = change.amount or intent.amount
    check_amount(intent.amount, intent.currency)
    intent.description = change.description or intent.description
    if change.payment_method:
        intent.payment_method, intent.status = change.payment_method, "requires_confirmation"
    merged = intent.metadata | (change.metadata or {})
    intent.metadata = {key: value for key, value in merged.items() if value}
    intent.update(call.batch)
    return _shown(call, intent, charge)


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
        created_at=moment(),
    )


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


def _unexpected(call: Call, intent: Intent, charge: Charge | None, message: str) -> InvalidRequest:
    return unexpected_state(message, intent_object(intent, charge, call.public_url))


def _not_capturable(intent: Intent) -> str:
    if intent.status == "succeeded":
        return "This PaymentIntent could not be captured because it has already been captured."
    return (
        f"This PaymentIntent could not be captured because it has a status of {intent.status}. Only"
        " a PaymentIntent with one of the following statuses may be captured: requires_capture."
    )
