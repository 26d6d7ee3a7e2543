"""The way back: what an order may hold of money and stock is let go, and only then it ends.

These are pure functions from an order and an outcome to the change it means. None of them gives up.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from store.orders.models import Order, Payment, Refund
from store.orders.moves import Change, Event
from store.orders.outcomes import Done, Refused, Waiting
from store.orders.payment_client import Intent
from store.orders.states import CANCELLABLE, Reason, State, Step
from store.orders.steps import payment_of
from store.server.ids import new_id

FIRST_LOOK_SECONDS = 10.0
LONGEST_LOOK_SECONDS = 3600.0
"""How soon, and how seldom at last, we look how a bank gets on with a refund."""

FIRST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3600.0
"""When a refund that the bank refused, but that is due to the buyer, is asked for anew."""


def let_go(
    order: Order, ending: State, reason: str, facts: Mapping[str, Any], at: datetime
) -> Change:
    """Begin to give back whatever the order may hold, on its way to `ending`."""
    state = State.PENDING if order.state == State.AWAITING_PAYMENT else order.state
    after = replace(order, state=state, ending=ending, reason=reason, attempts=0)
    if order.captured:
        after = replace(with_full_refund(after, at), step=Step.REPAY)
    elif order.payment and order.payment.status != "canceled":
        after = replace(after, step=Step.VOID)
    else:
        after = replace(after, step=Step.RELEASE)
    told = Event("order.letting_go", {"ending": ending, "reason": reason, **facts})
    return Change(after, (told,))


def cancelled_if_wished(change: Change, at: datetime) -> Change:
    """The same change, or the way to `cancelled` if somebody has asked for it and still can."""
    order = change.after
    if order.cancel_requested_at is None or order.ending or order.state not in CANCELLABLE:
        return change
    reason = Reason.BY_BUYER if order.cancel_requested_by == order.buyer_id else Reason.BY_STAFF
    ending = let_go(order, State.CANCELLED, reason, {}, at)
    return replace(ending, events=(*change.events, *ending.events))


def with_full_refund(order: Order, at: datetime) -> Order:
    """The order with a refund of all that is not promised to the buyer already."""
    if order.refundable <= 0:
        return order
    by = order.cancel_requested_by or order.buyer_id
    refund = Refund(new_id(), order.refundable, "cancelled", "pending", by, at)
    return replace(order, refunds=(*order.refunds, refund))


def voided(order: Order, done: Done, at: datetime) -> Change:
    """The authorisation is gone; or it was captured before we came; or we only now know of it."""
    if done.intent is None:
        payment = replace(payment_of(order), status="canceled")
        return Change(replace(order, step=Step.RELEASE, payment=payment))
    order = replace(order, payment=payment_with(order, done.intent))
    if order.captured:
        return Change(replace(with_full_refund(order, at), step=Step.REPAY))
    if done.intent.status != "canceled":
        return Change(order)  # it has an id now, so the next attempt can cancel it
    event = Event("payment.voided", {"intent_id": done.intent.id})
    return Change(replace(order, step=Step.RELEASE), (event,))


def found_declined(order: Order, refused: Refused) -> Change:
    """The authorisation whose answer was lost had been declined; its attempt, if any, is cancelled."""
    payment = declined_payment(payment_of(order), refused)
    step = Step.RELEASE if payment.status == "canceled" else Step.VOID
    return Change(replace(order, step=step, payment=payment, attempts=0))


def repaid(order: Order, done: Done, at: datetime) -> Change:
    """A refund has ended, one way or the other; or there was none left to make."""
    said = done.repayment
    if said is None:
        return _after_refund(Change(order), at)
    state = "succeeded" if said.status == "succeeded" else "failed"
    return _after_refund(_ended(order, done.refund_id, state, said.id, said.failure), at)


def refund_refused(order: Order, refused: Refused, at: datetime) -> Change:
    """The gateway will not make this refund."""
    failure = str(refused.facts.get("decline_code", refused.reason))
    return _after_refund(_ended(order, refused.refund_id, "failed", None, failure), at)


def refund_returned(order: Order, refund: Refund, failure: str | None, at: datetime) -> Change:
    """A refund that was made has come back. An order that ended for it owes the money again."""
    change = _with_refund(order, replace(refund, state="failed", failure=failure))
    if not order.ending:
        return change
    owing = replace(with_full_refund(change.after, at), step=Step.REPAY, attempts=0)
    return replace(change, after=owing)


def refund_pending(order: Order, waiting: Waiting, at: datetime) -> Change:
    """The bank takes its time: look again, ever later. The gateway's webhook is usually sooner.

    How late depends on how old the refund is, not on how many attempts there were: after a gateway
    that was away for long, its banks are still asked soon.
    """
    refund = order.refund(waiting.refund_id)
    gateway_id = waiting.repayment.id if waiting.repayment else None
    refunds = _refunds_with(order, replace(refund, gateway_id=gateway_id))
    after = replace(order, refunds=refunds, attempts=0)
    age = (at - refund.created_at).total_seconds()
    look = min(max(FIRST_LOOK_SECONDS, age / 10), LONGEST_LOOK_SECONDS)
    return Change(after, wait=0.0 if _others(after) else look)


def released(order: Order, _done: Done, _at: datetime) -> Change:
    """Money and stock are let go: the order has ended."""
    if order.ending is None:
        raise LookupError(f"order {order.id} was released without an ending")
    event = Event(f"order.{order.ending}", {"reason": order.reason})
    return Change(replace(order, state=order.ending, step=None), (event,))


def payment_with(order: Order, intent: Intent) -> Payment:
    """The order's payment as the gateway now describes it."""
    payment = payment_of(order)
    return replace(
        payment,
        status=intent.status,
        intent_id=intent.id,
        authorised=intent.capturable or intent.received or payment.authorised,
        captured=intent.received if intent.status == "succeeded" else payment.captured,
        next_action=intent.next_action,
        decline_code=intent.decline_code or payment.decline_code,
    )


def declined_payment(payment: Payment, refused: Refused) -> Payment:
    """The payment after a definite no: the gateway may have kept an attempt that is to be cancelled."""
    return replace(
        payment,
        status="requires_payment_method" if refused.intent_id else "canceled",
        intent_id=refused.intent_id,
        decline_code=refused.facts.get("decline_code"),
        next_action=None,
    )


def _after_refund(change: Change, at: datetime) -> Change:
    """Where an order goes when one of its refunds has ended."""
    order = change.after
    if order.next_refund:
        return change
    if order.ending and order.refundable:
        # Refused by the bank, but due to the buyer: tried anew, ever later, until a person helps.
        again = replace(with_full_refund(order, at), attempts=order.attempts + 1)
        seconds = FIRST_RETRY_SECONDS * 2.0 ** min(order.attempts, 10)
        return replace(change, after=again, wait=min(seconds, LONGEST_RETRY_SECONDS))
    if order.ending:
        step = None if order.state == order.ending else Step.RELEASE
        return replace(change, after=replace(order, step=step))
    if order.refunded == order.captured and order.state != State.REFUNDED:
        after = replace(order, state=State.REFUNDED, step=None)
        return replace(change, after=after, events=(*change.events, Event("order.refunded")))
    return replace(change, after=replace(order, step=None))


def _ended(
    order: Order, refund_id: UUID | None, state: str, gateway_id: str | None, failure: str | None
) -> Change:
    refund = order.refund(refund_id)
    if refund.state != "pending":
        return Change(order)  # written before, by a write whose answer was lost
    ended = replace(refund, state=state, gateway_id=gateway_id, failure=failure)
    return _with_refund(order, ended)


def _with_refund(order: Order, ended: Refund) -> Change:
    facts: dict[str, Any] = {"refund_id": str(ended.id), "amount": ended.amount}
    if ended.state == "failed":
        facts["failure"] = ended.failure
    after = replace(order, refunds=_refunds_with(order, ended))
    return Change(after, (Event(f"refund.{ended.state}", facts),))


def _refunds_with(order: Order, changed: Refund) -> tuple[Refund, ...]:
    return tuple(changed if each.id == changed.id else each for each in order.refunds)


def _others(order: Order) -> bool:
    """Whether a refund has not even been asked for yet."""
    return order.next_refund is not None and order.next_refund.gateway_id is None
