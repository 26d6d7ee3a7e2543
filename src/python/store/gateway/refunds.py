"""Giving money back, and what the buyer's bank makes of it (docs.stripe.com/refunds)."""

from datetime import timedelta

from store.gateway.calls import Answer, Call
from store.gateway.cards import Card, card_of
from store.gateway.errors import InvalidRequest, NoSuchReference, NoSuchThing
from store.gateway.ids import new_id
from store.gateway.list_schemas import ListRequest
from store.gateway.listing import list_refunds
from store.gateway.models import (
    Charge,
    Intent,
    Refund,
    database,
    due_refund,
    find_charge,
    find_payment,
    find_refund,
    lock_payment,
)
from store.gateway.objects import Object, charge_object, list_object, refund_object
from store.gateway.schemas import NewRefund
from store.server.clock import now

_BANK_TAKES = timedelta(seconds=2)


def create(call: Call, wanted: NewRefund) -> Answer:
    """Give back an amount, or all that is left of a charge."""
    intent, charge = _paid(wanted)
    amount = wanted.amount or charge.refundable
    _check(amount, charge)
    refund = _new_refund(wanted, charge, amount)
    charge.amount_refunded += amount
    refund.insert(call.batch)
    charge.update(call.batch)
    call.tell("refund.created", refund_object(refund), intent.id)
    call.tell("charge.refunded", charge_object(charge, intent), intent.id)
    return Answer.of(refund_object(refund))


def retrieve(refund_id: str) -> Object:
    """One refund."""
    refund = find_refund(refund_id)
    if refund is None:
        raise NoSuchThing("refund", refund_id, "id")
    return refund_object(refund)


def page(wanted: ListRequest) -> Object:
    """A page of refunds, newest first."""
    found = list_refunds(wanted)
    shown = [refund_object(refund) for refund in found[: wanted.limit]]
    if wanted.ending_before:
        shown.reverse()
    return list_object(shown, "/v1/refunds", has_more=len(found) > wanted.limit)


def retrieve_charge(charge_id: str) -> Object:
    """One charge."""
    charge = find_charge(charge_id)
    payment = find_payment(charge.payment_intent) if charge else None
    if charge is None or payment is None:
        raise NoSuchThing("charge", charge_id, "id")
    return charge_object(charge, payment[0])


def settle_one(call: Call) -> bool:
    """Let the buyer's bank answer one refund that waits for it; False when none does."""
    with database.transaction():
        refund = due_refund(now())
        if refund is None:
            return False
        _settle(call, refund)
        call.save()
    return True


def _settle(call: Call, refund: Refund) -> None:
    payment = lock_payment(refund.payment_intent)
    charge = payment and payment[1]
    if refund.settles_as == "failed" and charge:
        refund.failure_reason = "expired_or_canceled_card"
        charge.amount_refunded -= refund.amount
        charge.update(call.batch)
    refund.status = refund.settles_as or refund.status
    refund.settles_at = refund.settles_as = None
    refund.update(call.batch)
    call.tell("refund.updated", refund_object(refund), refund.payment_intent)
    if refund.status == "failed":
        call.tell("refund.failed", refund_object(refund), refund.payment_intent)


def _paid(wanted: NewRefund) -> tuple[Intent, Charge]:
    """The intent and its successful charge, held until the transaction ends."""
    intent_id = wanted.payment_intent or _intent_of(wanted.charge or "")
    payment = lock_payment(intent_id)
    if payment is None:
        raise NoSuchReference("payment_intent", intent_id, "payment_intent")
    intent, charge = payment
    if charge is None or charge.amount_captured == 0:
        message = f"This PaymentIntent ({intent.id}) does not have a successful charge to refund."
        raise InvalidRequest(message, param="payment_intent")
    if wanted.charge not in (None, charge.id):
        raise NoSuchReference("charge", wanted.charge or "", "charge")
    return intent, charge


def _intent_of(charge_id: str) -> str:
    charge = find_charge(charge_id)
    if charge is None:
        raise NoSuchReference("charge", charge_id, "charge")
    return charge.payment_intent


def _check(amount: int, charge: Charge) -> None:
    if charge.refundable == 0:
        message = f"Charge {charge.id} has already been refunded."
        raise InvalidRequest(message, code="charge_already_refunded")
    if amount > charge.refundable:
        message = (
            f"Refund amount ({amount} {charge.currency}) is greater than unrefunded amount on"
            f" charge ({charge.refundable} {charge.currency})"
        )
        raise InvalidRequest(message, code="amount_too_large", param="amount")


def _new_refund(wanted: NewRefund, charge: Charge, amount: int) -> Refund:
    ends = (card_of(charge.payment_method) or Card()).refund_ends
    at = now()
    return Refund(
        id=new_id("re"),
        charge=charge.id,
        payment_intent=charge.payment_intent,
        amount=amount,
        currency=charge.currency,
        # A refund that fails looks fine at first; that is what makes it worth testing.
        status="pending" if ends == "succeeded" else "succeeded",
        reason=wanted.reason,
        metadata=wanted.metadata,
        failure_reason=None,
        settles_at=at + _BANK_TAKES if ends else None,
        settles_as=ends,
        created_at=at.replace(microsecond=0),
    )
