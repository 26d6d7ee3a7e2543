"""Giving money back, and what the buyer's bank makes of it (docs.stripe.com/refunds)."""

from dataclasses import dataclass
from datetime import timedelta

from store.gateway.errors import InvalidRequest, NoSuchReference, NoSuchThing
from store.gateway.models.cards import Card, card_of
from store.gateway.models.ids import new_id
from store.gateway.models.lists import ListQuery, list_refunds
from store.gateway.models.payments import (
    Charge,
    PaymentIntent,
    find_charge,
    find_payment,
    payment_for_update,
)
from store.gateway.models.refunds import Refund, due_refund_for_update, find_refund
from store.gateway.models.tables import database
from store.gateway.use_cases.idempotency import StoredAnswer
from store.gateway.use_cases.objects import Object, charge_object, list_object, refund_object
from store.gateway.use_cases.unit_of_work import UnitOfWork
from store.server.clock import now

_BANK_TAKES = timedelta(seconds=2)


@dataclass(frozen=True)
class NewRefund:
    """Money to give back; the rest of the charge when no amount is named."""

    payment_intent: str | None
    charge: str | None
    amount: int | None
    reason: str | None
    metadata: dict[str, str]


def create(unit: UnitOfWork, new: NewRefund) -> StoredAnswer:
    """Give back an amount, or all that is left of a charge."""
    intent, charge = _captured_payment(new)
    if charge.refundable == 0:
        message = f"Charge {charge.id} has already been refunded."
        raise InvalidRequest(message, code="charge_already_refunded")
    amount = new.amount or charge.refundable
    if amount > charge.refundable:
        message = (
            f"Refund amount ({amount} {charge.currency}) is greater than unrefunded amount on"
            f" charge ({charge.refundable} {charge.currency})"
        )
        raise InvalidRequest(message, code="amount_too_large", param="amount")
    refund = _new_refund(new, charge, amount)
    charge.amount_refunded += amount
    refund.insert(unit.batch)
    charge.update(unit.batch)
    unit.publish("refund.created", refund_object(refund), intent.id)
    unit.publish("charge.refunded", charge_object(charge, intent), intent.id)
    return StoredAnswer.of(refund_object(refund))


def retrieve(refund_id: str) -> Object:
    refund = find_refund(refund_id)
    if refund is None:
        raise NoSuchThing("refund", refund_id, "id")
    return refund_object(refund)


def page(query: ListQuery) -> Object:
    return list_object([refund_object(each) for each in list_refunds(query)], query, "/v1/refunds")


def retrieve_charge(charge_id: str) -> Object:
    charge = find_charge(charge_id)
    payment = find_payment(charge.payment_intent) if charge else None
    if charge is None or payment is None:
        raise NoSuchThing("charge", charge_id, "id")
    return charge_object(charge, payment[0])


def settle_one(unit: UnitOfWork) -> bool:
    """Let the buyer's bank answer one refund that waits for it; False when none does."""
    with database.transaction():
        refund = due_refund_for_update(now())
        if refund is None:
            return False
        payment = payment_for_update(refund.payment_intent)
        charge = payment and payment[1]
        if refund.settles_as == "failed" and charge:
            refund.failure_reason = "expired_or_canceled_card"
            charge.amount_refunded -= refund.amount
            charge.update(unit.batch)
        refund.status = refund.settles_as or refund.status
        refund.settles_at = refund.settles_as = None
        refund.update(unit.batch)
        unit.publish("refund.updated", refund_object(refund), refund.payment_intent)
        if refund.status == "failed":
            unit.publish("refund.failed", refund_object(refund), refund.payment_intent)
        unit.save()
    return True


def _captured_payment(new: NewRefund) -> tuple[PaymentIntent, Charge]:
    """The intent and its successful charge, locked until the transaction ends."""
    intent_id = new.payment_intent
    if not intent_id:
        named = find_charge(new.charge or "")
        if named is None:
            raise NoSuchReference("charge", new.charge or "", "charge")
        intent_id = named.payment_intent
    payment = payment_for_update(intent_id)
    if payment is None:
        raise NoSuchReference("payment_intent", intent_id, "payment_intent")
    intent, charge = payment
    if charge is None or charge.amount_captured == 0:
        message = f"This PaymentIntent ({intent.id}) does not have a successful charge to refund."
        raise InvalidRequest(message, param="payment_intent")
    if new.charge not in (None, charge.id):
        raise NoSuchReference("charge", new.charge or "", "charge")
    return intent, charge


def _new_refund(new: NewRefund, charge: Charge, amount: int) -> Refund:
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
        reason=new.reason,
        metadata=new.metadata,
        failure_reason=None,
        settles_at=at + _BANK_TAKES if ends else None,
        settles_as=ends,
        created_at=at.replace(microsecond=0),
    )
