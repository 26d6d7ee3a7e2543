"""The steps of an order. Each makes its calls outside any transaction and is safe to repeat.

    place    reserve -> authorise (-> await_buyer) -> commit -> capture
    let go   void -> release              nothing was captured
             repay -> release             something was
    refund   repay

A step is keyed by the order's id (a refund by its own), so whoever repeats it, after a crash or
beside a process that was believed dead, gets the outcome of the first. A definite no is raised as
Refusal or Declined; every other error leaves the outcome unknown.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from store.orders.clients import Inventory
from store.orders.errors import Declined, Frozen
from store.orders.models import Order, Payment, Refund
from store.orders.outcomes import Done, Outcome, Refused, Waiting
from store.orders.payment_client import Intent, Payments, Repayment
from store.orders.states import Reason, Step
from store.server.clock import now

HOLD_SECONDS = 15 * 60
"""How long stock is held for an order that is not paid, and so how long the buyer has for it."""

KEYS_KEPT = timedelta(hours=23)
"""For so long the gateway surely knows our idempotency keys: it promises 24 hours."""


@dataclass(frozen=True)
class Shop:
    """The two services that an order is made of."""

    inventory: Inventory
    payments: Payments


def reserve(order: Order, shop: Shop) -> Outcome:
    """Hold the stock and learn the prices."""
    wanted = [(line.sku, line.quantity) for line in order.lines]
    return Done(hold=shop.inventory.reserve(order.id, order.currency, wanted, HOLD_SECONDS))


def authorise(order: Order, shop: Shop) -> Outcome:
    """Put the money aside on the buyer's card; the buyer may have to confirm that to his bank."""
    payment = payment_of(order)
    try:
        return _authorised(_ask_for(order, payment, shop))
    except Frozen:
        # This key is of no use any more; the payment may have been made before.
        found = shop.payments.find(order.id, payment.asked_at)
        if found is None:
            raise
        return _authorised(found)


def await_buyer(order: Order, shop: Shop) -> Outcome:
    """See whether the buyer has passed 3-D Secure."""
    return _authorised(shop.payments.look(intent_id_of(order)))


def commit(order: Order, shop: Shop) -> Outcome:
    """Take the stock for good."""
    shop.inventory.commit(order.id)
    return Done()


def capture(order: Order, shop: Shop) -> Outcome:
    """Take the money."""
    return Done(intent=shop.payments.capture(order.id, intent_id_of(order)))


def void(order: Order, shop: Shop) -> Outcome:
    """Let go of an authorisation, or learn that it was captured meanwhile.

    An authorisation whose answer never came is found out first: asked for again by its key, since
    a request that is still on its way would otherwise put money aside after all.
    """
    payment = payment_of(order)
    if payment.intent_id is not None:
        return Done(intent=shop.payments.cancel(order.id, payment.intent_id))
    try:
        return Done(intent=_unanswered(order, payment, shop))
    except Declined as declined:
        return Refused(Reason.PAYMENT_DECLINED, declined.facts, declined.intent_id)


def repay(order: Order, shop: Shop) -> Outcome:
    """Give the amount of one open refund back, or see how the bank gets on with it."""
    refund = order.next_refund
    if refund is None:
        return Done()
    try:
        repayment = _repayment(order, refund, shop)
    except Declined as declined:
        return Refused(Reason.PAYMENT_DECLINED, declined.facts, refund_id=refund.id)
    outcome = Waiting if repayment.status == "pending" else Done
    return outcome(repayment=repayment, refund_id=refund.id)


def release(order: Order, shop: Shop) -> Outcome:
    """Give the stock back; this also refuses a hold that is still on its way."""
    shop.inventory.release(order.id, order.reason or "")
    return Done()


RUN: Mapping[Step, Callable[[Order, Shop], Outcome]] = {
    Step.RESERVE: reserve,
    Step.AUTHORISE: authorise,
    Step.AWAIT_BUYER: await_buyer,
    Step.COMMIT: commit,
    Step.CAPTURE: capture,
    Step.VOID: void,
    Step.REPAY: repay,
    Step.RELEASE: release,
}


def payment_of(order: Order) -> Payment:
    """The payment of an order that has got as far as having one."""
    if order.payment is None:
        raise LookupError(f"order {order.id} has no payment at step {order.step}")
    return order.payment


def intent_id_of(order: Order) -> str:
    """The gateway's id of the payment of an order that has got as far as having one."""
    intent_id = payment_of(order).intent_id
    if intent_id is None:
        raise LookupError(f"order {order.id} has no payment intent at step {order.step}")
    return intent_id


def _ask_for(order: Order, payment: Payment, shop: Shop) -> Intent:
    return shop.payments.authorise(order.id, payment.amount, order.currency, order.payment_method)


def _unanswered(order: Order, payment: Payment, shop: Shop) -> Intent | None:
    """What came of an authorisation whose answer was lost; None if nothing did."""
    if now() < payment.asked_at + KEYS_KEPT:
        with contextlib.suppress(Frozen):
            return _ask_for(order, payment, shop)
    return shop.payments.find(order.id, payment.asked_at)


def _repayment(order: Order, refund: Refund, shop: Shop) -> Repayment:
    if refund.gateway_id is not None:
        return shop.payments.look_at_refund(refund.gateway_id)
    intent_id = intent_id_of(order)
    if now() >= refund.created_at + KEYS_KEPT:
        found = shop.payments.find_refund(refund.id, intent_id)
        if found is not None:
            return found
    return shop.payments.refund(refund.id, order.id, intent_id, refund.amount)


def _authorised(intent: Intent) -> Outcome:
    match intent.status:
        case "requires_capture" | "succeeded":
            return Done(intent=intent)
        case "requires_action" | "processing":
            return Waiting(intent=intent)
        case _:
            code = intent.decline_code or intent.status
            facts = {"decline_code": code}
            return Refused(Reason.PAYMENT_DECLINED, facts, intent_id=intent.id)
