"""The forward steps: stock and money are taken. Each call, and what its outcome means for the order.

A definite no is raised as Refusal or PaymentDeclined; every other error leaves the outcome unknown.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from store.orders.clients.payments import Intent
from store.orders.clients.shop import Shop
from store.orders.errors import PaymentFrozen
from store.orders.models.order import Line, Order
from store.orders.models.payment import Payment
from store.orders.models.states import Reason, State
from store.orders.models.writes import Change, Event
from store.orders.saga.compensation import begun
from store.orders.saga.outcomes import Done, Outcome, Refused, Waiting

HOLD_SECONDS = 15 * 60
"""How long stock is held for an order that is not paid, and so how long the buyer has for it."""

BUYER_POLL_SECONDS = 30.0
"""How often we look whether the buyer has acted, should the gateway's webhook never come."""


def reserve(order: Order, shop: Shop) -> Outcome:
    """Hold the stock and learn the prices."""
    lines = [(line.sku, line.quantity) for line in order.lines]
    return Done(hold=shop.inventory.reserve(order.id, order.currency, lines, HOLD_SECONDS))


def reserved(order: Order, done: Done, at: datetime) -> Change:
    """The stock is held and the prices are known: what the buyer expected, or the order ends."""
    if done.hold is None:
        raise LookupError(f"order {order.id} was reserved without a hold")
    hold, prices = done.hold, {line.sku: line for line in done.hold.lines}
    lines = tuple(
        replace(line, name=prices[line.sku].name, unit_price=prices[line.sku].unit_price)
        for line in order.lines
    )
    expires_at = min(order.expires_at, hold.expires_at)
    order = replace(order, lines=lines, total=hold.total, expires_at=expires_at)
    event = Event("order.reserved", {"total": hold.total, "currency": order.currency})
    if facts := _changed_price(lines):
        ending = begun(order, State.REJECTED, Reason.PRICE_CHANGED, facts, at)
        return replace(ending, events=(event, *ending.events))
    payment = Payment(hold.total, "asked", at)
    return Change(replace(order, payment=payment), (event,))


def authorise(order: Order, shop: Shop) -> Outcome:
    """Put the money aside on the buyer's card; the buyer may have to confirm that to the bank."""
    payment = order.known_payment
    try:
        intent = shop.payments.authorise(
            order.id, payment.amount, order.currency, order.payment_method
        )
    except PaymentFrozen:
        # This key is of no use any more; the payment may have been made before.
        found = shop.payments.find(order.id, payment.asked_at)
        if found is None:
            raise
        intent = found
    return _authorisation(order, intent)


def await_buyer(order: Order, shop: Shop) -> Outcome:
    """See whether the buyer has passed 3-D Secure."""
    return _authorisation(order, shop.payments.look(order.intent_id))


def authorised(order: Order, done: Done, _at: datetime) -> Change:
    """The money is put aside."""
    if done.intent is None:
        raise LookupError(f"order {order.id} was authorised without an intent")
    payment = order.known_payment.as_described(done.intent)
    payment = replace(payment, captured=0)  # taken only at its own step, whoever took it
    event = Event(
        "order.authorised", {"amount": payment.authorised, "intent_id": payment.intent_id}
    )
    return Change(replace(order, state=State.PENDING, payment=payment), (event,))


def awaiting_buyer(order: Order, waiting: Waiting, at: datetime) -> Change:
    """The buyer has to pass 3-D Secure, until the order expires."""
    if waiting.intent is None:
        raise LookupError(f"order {order.id} waits without an intent")
    payment = order.known_payment.as_described(waiting.intent)
    after = replace(order, state=State.AWAITING_PAYMENT, attempts=0, payment=payment)
    news = (Event("order.awaiting_payment"),) if order.state != after.state else ()
    left = max(0.0, (order.expires_at - at).total_seconds())
    return Change(after, news, wait=min(BUYER_POLL_SECONDS, left))


def commit(order: Order, shop: Shop) -> Outcome:
    """Take the stock for good."""
    shop.inventory.commit(order.id)
    return Done()


def committed(order: Order, _done: Done, _at: datetime) -> Change:
    """The stock is taken for good."""
    return Change(order, (Event("order.committed"),))


def capture(order: Order, shop: Shop) -> Outcome:
    """Take the money."""
    return Done(intent=shop.payments.capture(order.id, order.intent_id))


def captured(order: Order, done: Done, _at: datetime) -> Change:
    """The money is taken: the sale is made."""
    if done.intent is None:
        raise LookupError(f"order {order.id} was captured without an intent")
    payment = order.known_payment.as_described(done.intent)
    event = Event("order.confirmed", {"captured": payment.captured, "currency": order.currency})
    return Change(replace(order, state=State.CONFIRMED, payment=payment), (event,))


def rejected(order: Order, refused: Refused, at: datetime) -> Change:
    """A definite no on the way: everything taken so far has to be given back."""
    return begun(order, State.REJECTED, refused.reason, refused.facts, at)


def declined(order: Order, refused: Refused, at: datetime) -> Change:
    """The card was declined, or the order has expired before it was asked."""
    if refused.reason == Reason.PAYMENT_DECLINED and order.payment:
        order = replace(order, payment=order.payment.as_declined(**refused.decline))
    return rejected(order, refused, at)


def _authorisation(order: Order, intent: Intent) -> Outcome:
    described = order.known_payment.as_described(intent)
    if described.is_authorised:
        return Done(intent=intent)
    if described.is_with_buyer:
        return Waiting(intent=intent)
    facts = {"decline_code": intent.decline_code or intent.status}
    return Refused(Reason.PAYMENT_DECLINED, facts, intent_id=intent.id)


def _changed_price(lines: tuple[Line, ...]) -> dict[str, Any]:
    """The first line whose price is not what the buyer expected."""
    for line in lines:
        if line.expected_price not in (None, line.unit_price):
            return {"sku": line.sku, "expected": line.expected_price, "price": line.unit_price}
    return {}
