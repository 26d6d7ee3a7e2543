"""The way to a sale: stock and money are taken, step by step.

These are pure functions from an order and the outcome of its step to the change it means.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from store.orders.giving_back import declined_payment, let_go, payment_with
from store.orders.models import Line, Order, Payment
from store.orders.moves import Change, Event
from store.orders.outcomes import Done, Refused, Waiting
from store.orders.states import Reason, State, Step

LOOK_AGAIN_SECONDS = 30.0
"""How often we look whether the buyer has acted, should the gateway's webhook never come."""


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
        ending = let_go(order, State.REJECTED, Reason.PRICE_CHANGED, facts, at)
        return replace(ending, events=(event, *ending.events))
    payment = Payment(hold.total, "asked", at)
    return Change(replace(order, step=Step.AUTHORISE, payment=payment), (event,))


def authorised(order: Order, done: Done, _at: datetime) -> Change:
    """The money is put aside."""
    if done.intent is None:
        raise LookupError(f"order {order.id} was authorised without an intent")
    payment = payment_with(order, done.intent)
    payment = replace(payment, captured=0)  # taken only at its own step, whoever took it
    event = Event(
        "order.authorised", {"amount": payment.authorised, "intent_id": payment.intent_id}
    )
    after = replace(order, state=State.PENDING, step=Step.COMMIT, payment=payment)
    return Change(after, (event,))


def awaiting_buyer(order: Order, waiting: Waiting, at: datetime) -> Change:
    """The buyer has to pass 3-D Secure, until the order expires."""
    if waiting.intent is None:
        raise LookupError(f"order {order.id} waits without an intent")
    after = replace(
        order,
        state=State.AWAITING_PAYMENT,
        step=Step.AWAIT_BUYER,
        attempts=0,
        payment=payment_with(order, waiting.intent),
    )
    news = (Event("order.awaiting_payment"),) if order.state != after.state else ()
    left = max(0.0, (order.expires_at - at).total_seconds())
    return Change(after, news, wait=min(LOOK_AGAIN_SECONDS, left))


def committed(order: Order, _done: Done, _at: datetime) -> Change:
    """The stock is taken for good."""
    return Change(replace(order, step=Step.CAPTURE), (Event("order.committed"),))


def captured(order: Order, done: Done, _at: datetime) -> Change:
    """The money is taken: the sale is made."""
    if done.intent is None:
        raise LookupError(f"order {order.id} was captured without an intent")
    payment = payment_with(order, done.intent)
    event = Event("order.confirmed", {"captured": payment.captured, "currency": order.currency})
    return Change(replace(order, state=State.CONFIRMED, step=None, payment=payment), (event,))


def refused(order: Order, outcome: Refused, at: datetime) -> Change:
    """A definite no on the way: everything taken so far has to be given back."""
    declined = order.step == Step.AUTHORISE and outcome.reason == Reason.PAYMENT_DECLINED
    if declined and order.payment:
        order = replace(order, payment=declined_payment(order.payment, outcome))
    return let_go(order, State.REJECTED, outcome.reason, outcome.facts, at)


def _changed_price(lines: tuple[Line, ...]) -> dict[str, Any]:
    """The first line whose price is not what the buyer expected."""
    for line in lines:
        if line.expected_price not in (None, line.unit_price):
            return {"sku": line.sku, "expected": line.expected_price, "price": line.unit_price}
    return {}
