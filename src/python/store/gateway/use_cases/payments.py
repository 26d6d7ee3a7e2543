"""What may be done with a payment intent.

Each function that changes one is the work of `run_once`, inside its transaction, and looks before it
writes.
"""

from dataclasses import dataclass
from typing import Any

from store.gateway.errors import InvalidRequest, NoSuchThing
from store.gateway.models.ids import new_id
from store.gateway.models.lists import ListQuery, list_payments
from store.gateway.models.payments import Charge, PaymentIntent, find_payment
from store.gateway.use_cases.attempts import (
    Confirmation,
    attempt,
    locked_payment,
    moment,
    publish,
    take,
)
from store.gateway.use_cases.idempotency import StoredAnswer
from store.gateway.use_cases.objects import Object, intent_object, list_object
from store.gateway.use_cases.unit_of_work import UnitOfWork

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_OPEN, "processing", "requires_capture")
# Smallest charges, in minor units. Source: docs.stripe.com/currencies (minimum charge amounts).
_LEAST = {"gbp": 30, "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "hkd": 400, "huf": 17500}
_LEAST |= {"mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000}


@dataclass(frozen=True)
class NewIntent:
    amount: int
    currency: str
    capture_method: str
    description: str | None
    metadata: dict[str, str]
    options: dict[str, Any]
    confirm: bool
    how: Confirmation


@dataclass(frozen=True)
class IntentChange:
    """What to change; None leaves it as it is."""

    amount: int | None
    description: str | None
    payment_method: str | None
    metadata: dict[str, str] | None


def create(unit: UnitOfWork, new: NewIntent) -> StoredAnswer:
    """A new payment intent, tried at once when `confirm` is set."""
    intent = _new_intent(new)
    publish(unit, "payment_intent.created", intent, None)
    charge = attempt(unit, intent, new.how) if new.confirm else None
    intent.insert(unit.batch)
    if charge:
        charge.insert(unit.batch)
    return _outcome(unit, intent, charge)


def confirm(intent_id: str, unit: UnitOfWork, how: Confirmation) -> StoredAnswer:
    """Try the payment, or try it again with another payment method."""
    intent, latest = locked_payment(intent_id)
    if intent.status not in _OPEN:
        ended = "already succeeded after being previously confirmed"
        reason = ended if intent.status == "succeeded" else f"a status of {intent.status}"
        raise _unexpected(
            unit, intent, latest, f"You cannot confirm this PaymentIntent because it has {reason}."
        )
    charge = attempt(unit, intent, how)
    intent.update(unit.batch)
    if charge:
        charge.insert(unit.batch)
    return _outcome(unit, intent, charge or latest)


def capture(intent_id: str, unit: UnitOfWork, amount: int | None) -> StoredAnswer:
    """Take the money that was authorised, or a part of it; the rest is released."""
    intent, charge = locked_payment(intent_id)
    if intent.status != "requires_capture" or charge is None:
        reason = f"has a status of {intent.status}. Only a PaymentIntent with one of the following"
        reason += " statuses may be captured: requires_capture."
        if intent.status == "succeeded":
            reason = "has already been captured."
        message = f"This PaymentIntent could not be captured because it {reason}"
        raise _unexpected(unit, intent, charge, message)
    amount = amount or intent.amount
    if amount > intent.amount:
        message = "The amount to capture is greater than the amount that was authorized."
        raise InvalidRequest(message, code="amount_too_large", param="amount_to_capture")
    take(intent, charge, amount)
    intent.update(unit.batch)
    charge.update(unit.batch)
    publish(unit, "payment_intent.succeeded", intent, charge)
    return _shown(unit, intent, charge)


def cancel(intent_id: str, unit: UnitOfWork, reason: str | None) -> StoredAnswer:
    """End a payment that has not succeeded; what was authorised is released."""
    intent, charge = locked_payment(intent_id)
    if intent.status not in _CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. Only"
            f" a PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}."
        )
        raise _unexpected(unit, intent, charge, message)
    intent.status, intent.challenge, intent.canceled_at = "canceled", None, moment()
    intent.cancellation_reason = reason
    intent.update(unit.batch)
    publish(unit, "payment_intent.canceled", intent, charge)
    return _shown(unit, intent, charge)


def update(intent_id: str, unit: UnitOfWork, change: IntentChange) -> StoredAnswer:
    """Change what may be changed; an empty metadata value removes its key."""
    intent, charge = locked_payment(intent_id)
    if (change.amount or change.payment_method) and intent.status not in _OPEN[:2]:
        message = (
            f"This PaymentIntent could not be updated because it has a status of {intent.status}."
        )
        raise _unexpected(unit, intent, charge, message)
    intent.amount = change.amount or intent.amount
    check_amount(intent.amount, intent.currency)
    intent.description = change.description or intent.description
    if change.payment_method:
        intent.payment_method, intent.status = change.payment_method, "requires_confirmation"
    merged = intent.metadata | (change.metadata or {})
    intent.metadata = {key: value for key, value in merged.items() if value}
    intent.update(unit.batch)
    return _shown(unit, intent, charge)


def retrieve(public_url: str, intent_id: str, expand: frozenset[str]) -> Object:
    payment = find_payment(intent_id)
    if payment is None:
        raise NoSuchThing("payment_intent", intent_id, "intent")
    return intent_object(*payment, public_url, with_charge="latest_charge" in expand)


def page(public_url: str, query: ListQuery) -> Object:
    with_charge = "data.latest_charge" in query.expand
    found = [
        intent_object(*payment, public_url, with_charge=with_charge)
        for payment in list_payments(query)
    ]
    return list_object(found, query, "/v1/payment_intents")


def check_amount(amount: int, currency: str) -> None:
    """InvalidRequest when the amount is too small to be charged."""
    least = _LEAST.get(currency, 50)
    if amount < least:
        message = f"Amount must be at least {least} {currency}, in the currency's smallest unit."
        raise InvalidRequest(message, code="amount_too_small", param="amount")


def _new_intent(new: NewIntent) -> PaymentIntent:
    method, intent_id = new.how.payment_method, new_id("pi")
    return PaymentIntent(
        id=intent_id,
        amount=new.amount,
        currency=new.currency,
        status="requires_confirmation" if method else "requires_payment_method",
        capture_method=new.capture_method,
        payment_method=method,
        amount_received=0,
        client_secret=f"{intent_id}_{new_id('secret', 25)}",
        description=new.description,
        metadata=new.metadata,
        options=new.options,
        return_url=new.how.return_url,
        challenge=None,
        last_payment_error=None,
        cancellation_reason=None,
        canceled_at=None,
        created_at=moment(),
    )


def _outcome(unit: UnitOfWork, intent: PaymentIntent, charge: Charge | None) -> StoredAnswer:
    """The intent; or 402 with the error when this attempt was declined."""
    error = intent.last_payment_error
    if error is None:
        return _shown(unit, intent, charge)
    shown = intent_object(intent, charge, unit.public_url)
    return StoredAnswer.of({"error": error | {"payment_intent": shown}}, 402)


def _shown(unit: UnitOfWork, intent: PaymentIntent, charge: Charge | None) -> StoredAnswer:
    with_charge = "latest_charge" in unit.expand
    return StoredAnswer.of(intent_object(intent, charge, unit.public_url, with_charge=with_charge))


def _unexpected(
    unit: UnitOfWork, intent: PaymentIntent, charge: Charge | None, message: str
) -> InvalidRequest:
    shown = intent_object(intent, charge, unit.public_url)
    return InvalidRequest(message, code="payment_intent_unexpected_state", payment_intent=shown)
