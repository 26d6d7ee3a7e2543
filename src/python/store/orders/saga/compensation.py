"""Compensation: what an order may hold of money and stock is given back, and only then it ends.

Each call, and what its outcome means for the order. None of them gives up.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from store.orders.clients.payments import Intent, Repayment
from store.orders.clients.shop import Shop
from store.orders.errors import PaymentDeclined, PaymentFrozen
from store.orders.models.order import Order
from store.orders.models.payment import Payment, Refund
from store.orders.models.states import Reason, State, Step
from store.orders.models.writes import Change, Event
from store.orders.saga.outcomes import Done, Outcome, Refused, Waiting
from store.server.clock import now
from store.server.ids import new_id

KEYS_KEPT = timedelta(hours=23)
"""For so long the gateway surely knows our idempotency keys: it promises 24 hours."""

FIRST_POLL_SECONDS = 10.0
LONGEST_POLL_SECONDS = 3600.0
"""How soon, and how seldom at last, we look how a bank gets on with a refund."""

FIRST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3600.0
"""When a refund that the bank refused, but that is due to the buyer, is asked for anew."""


def begun(
    order: Order, ending: State, reason: str, facts: Mapping[str, Any], at: datetime
) -> Change:
    """The order begins to give back whatever it may hold, on its way to `ending`."""
    state = State.PENDING if order.state == State.AWAITING_PAYMENT else order.state
    after = replace(order, state=state, ending=ending, reason=reason, attempts=0)
    if order.captured:
        after = with_full_refund(after, at)
    event = Event("order.letting_go", {"ending": ending, "reason": reason, **facts})
    return Change(after, (event,))


def void(order: Order, shop: Shop) -> Outcome:
    """Let go of an authorisation, or learn that it was captured meanwhile.

    An authorisation whose answer never came is found out first: asked for again by its key, since
    a request that is still on its way would otherwise put money aside after all.
    """
    payment = order.known_payment
    if payment.intent_id is not None:
        return Done(intent=shop.payments.cancel(order.id, payment.intent_id))
    try:
        return Done(intent=_unanswered(order, payment, shop))
    except PaymentDeclined as declined:
        return Refused(Reason.PAYMENT_DECLINED, declined.facts, declined.intent_id)


def voided(order: Order, done: Done, at: datetime) -> Change:
    """The authorisation is gone; or it was captured before we came; or we only now know of it."""
    payment = order.known_payment
    if done.intent is None:
        return Change(replace(order, payment=replace(payment, status="canceled")))
    order = replace(order, payment=payment.as_described(done.intent))
    if order.captured:
        return Change(with_full_refund(order, at))
    if done.intent.status != "canceled":
        return Change(order)  # it has an id now, so the next attempt can cancel it
    return Change(order, (Event("payment.voided", {"intent_id": done.intent.id}),))


def found_declined(order: Order, refused: Refused, _at: datetime) -> Change:
    """The authorisation whose answer was lost had been declined; its attempt, if any, is cancelled."""
    payment = order.known_payment.as_declined(**refused.decline)
    return Change(replace(order, payment=payment, attempts=0))


def repay(order: Order, shop: Shop) -> Outcome:
    """Give the amount of one open refund back, or see how the bank gets on with it."""
    refund = order.next_refund
    if refund is None:
        return Done()
    try:
        repayment = _repayment(order, refund, shop)
    except PaymentDeclined as declined:
        return Refused(Reason.PAYMENT_DECLINED, declined.facts, refund_id=refund.id)
    outcome = Waiting if repayment.status == "pending" else Done
    return outcome(repayment=repayment, refund_id=refund.id)


def repaid(order: Order, done: Done, at: datetime) -> Change:
    """A refund has ended, one way or the other; or there was none left to make."""
    repayment = done.repayment
    if repayment is None:
        return _after_refund(Change(order), at)
    state = "succeeded" if repayment.status == "succeeded" else "failed"
    ended = _ended(order, done.refund_id, state, repayment.id, repayment.failure)
    return _after_refund(ended, at)


def refund_refused(order: Order, refused: Refused, at: datetime) -> Change:
    """The gateway will not make this refund."""
    failure = str(refused.facts.get("decline_code", refused.reason))
    return _after_refund(_ended(order, refused.refund_id, "failed", None, failure), at)


def refund_pending(order: Order, waiting: Waiting, at: datetime) -> Change:
    """The bank takes its time: look again, ever later. The gateway's webhook is usually sooner.

    How late depends on how old the refund is, not on how many attempts there were: after a gateway
    that was away for long, its banks are still asked soon.
    """
    refund = order.refund(waiting.refund_id)
    gateway_id = waiting.repayment.id if waiting.repayment else None
    after = replace(order.with_refund(replace(refund, gateway_id=gateway_id)), attempts=0)
    age = (at - refund.created_at).total_seconds()
    poll = min(max(FIRST_POLL_SECONDS, age / 10), LONGEST_POLL_SECONDS)
    # One that has not even been asked for yet does not wait for a slow bank.
    others = after.next_refund is not None and after.next_refund.gateway_id is None
    return Change(after, wait=0.0 if others else poll)


def refund_returned(order: Order, refund: Refund, failure: str | None, at: datetime) -> Change:
    """A refund that was made has come back. An order that ended for it owes the money again."""
    change = _refund_ended(order, replace(refund, state="failed", failure=failure))
    if not order.ending:
        return change
    owing = replace(with_full_refund(change.after, at), step=Step.REPAY, attempts=0)
    return replace(change, after=owing)


def step_after_refund(order: Order) -> Step | None:
    """The step of an order one of whose refunds has ended: another refund, its end, or rest."""
    if order.next_refund or (order.ending and order.refundable):
        return Step.REPAY
    return Step.RELEASE if order.ending and order.state != order.ending else None


def release(order: Order, shop: Shop) -> Outcome:
    """Give the stock back; this also refuses a hold that is still on its way."""
    shop.inventory.release(order.id, order.reason or "")
    return Done()


def released(order: Order, _done: Done, _at: datetime) -> Change:
    """Money and stock are given back: the order has ended."""
    if order.ending is None:
        raise LookupError(f"order {order.id} was released without an ending")
    event = Event(f"order.{order.ending}", {"reason": order.reason})
    return Change(replace(order, state=order.ending), (event,))


def with_full_refund(order: Order, at: datetime) -> Order:
    """The order with a refund of all that is not promised to the buyer already."""
    if order.refundable <= 0:
        return order
    by = order.cancel_requested_by or order.buyer_id
    refund = Refund(new_id(), order.refundable, "cancelled", "pending", by, at)
    return replace(order, refunds=(*order.refunds, refund))


def _unanswered(order: Order, payment: Payment, shop: Shop) -> Intent | None:
    """What came of an authorisation whose answer was lost; None if nothing did."""
    if now() < payment.asked_at + KEYS_KEPT:
        with contextlib.suppress(PaymentFrozen):
            return shop.payments.authorise(
                order.id, payment.amount, order.currency, order.payment_method
            )
    return shop.payments.find(order.id, payment.asked_at)


def _repayment(order: Order, refund: Refund, shop: Shop) -> Repayment:
    if refund.gateway_id is not None:
        return shop.payments.look_at_refund(refund.gateway_id)
    if now() >= refund.created_at + KEYS_KEPT:
        found = shop.payments.find_refund(refund.id, order.intent_id)
        if found is not None:
            return found
    return shop.payments.refund(refund.id, order.id, order.intent_id, refund.amount)


def _after_refund(change: Change, at: datetime) -> Change:
    """What else an order becomes when one of its refunds has ended."""
    order = change.after
    if order.next_refund:
        return change
    if order.ending and order.refundable:
        # Refused by the bank, but due to the buyer: tried anew, ever later, until a person helps.
        again = replace(with_full_refund(order, at), attempts=order.attempts + 1)
        seconds = FIRST_RETRY_SECONDS * 2.0 ** min(order.attempts, 10)
        return replace(change, after=again, wait=min(seconds, LONGEST_RETRY_SECONDS))
    if not order.ending and order.refunded == order.captured and order.state != State.REFUNDED:
        after = replace(order, state=State.REFUNDED)
        return replace(change, after=after, events=(*change.events, Event("order.refunded")))
    return change


def _ended(
    order: Order, refund_id: UUID | None, state: str, gateway_id: str | None, failure: str | None
) -> Change:
    refund = order.refund(refund_id)
    if refund.state != "pending":
        return Change(order)  # written before, by a write whose answer was lost
    return _refund_ended(
        order, replace(refund, state=state, gateway_id=gateway_id, failure=failure)
    )


def _refund_ended(order: Order, ended: Refund) -> Change:
    facts: dict[str, Any] = {"refund_id": str(ended.id), "amount": ended.amount}
    if ended.state == "failed":
        facts["failure"] = ended.failure
    return Change(order.with_refund(ended), (Event(f"refund.{ended.state}", facts),))
