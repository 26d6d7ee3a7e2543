"""What the outcome of a step means for an order, by the table: pure functions, nothing is written."""

from dataclasses import replace
from datetime import datetime

from store.orders.models.order import Order
from store.orders.models.states import CANCELLABLE, Reason, State
from store.orders.models.writes import Change
from store.orders.saga import compensation
from store.orders.saga.definition import (
    COMPENSATE,
    SAGA,
    Choice,
    StepDefinition,
    Then,
    first_compensation,
)
from store.orders.saga.outcomes import Done, Outcome, Overtaken, Refused, Unknown, Waiting


def interruption(order: Order, at: datetime) -> Outcome | None:
    """What keeps the order's next step from being tried at all: a cancellation, or its expiry."""
    if order.ending:
        return None
    if order.cancel_requested_at is not None:
        return Overtaken()
    if definition_of(order).expires and at >= order.expires_at:
        return Refused(Reason.EXPIRED)
    return None


def change_of(order: Order, outcome: Outcome, at: datetime) -> Change:
    """How the order is to be after this outcome of its step. A wish to cancel comes before the rest."""
    definition = definition_of(order)
    match outcome:
        case Unknown():
            failed = order.attempts + 1
            wait = definition.retry.seconds(failed)
            change = Change(replace(order, attempts=failed), wait=wait)
        case Waiting():
            change = _follow(order, outcome, definition.waiting, at)
        case Refused():
            change = _follow(order, outcome, definition.refused, at)
        case Done():
            change = _follow(order, outcome, definition.done, at)
            if change.after.step != order.step:
                change = replace(change, after=replace(change.after, attempts=0))
        case Overtaken():
            change = Change(order)
    return cancelled_if_requested(change, at)


def cancelled_if_requested(change: Change, at: datetime) -> Change:
    """The same change, or the way to `cancelled` if somebody has asked for it and still can."""
    order = change.after
    if order.cancel_requested_at is None or order.ending or order.state not in CANCELLABLE:
        return change
    reason = Reason.BY_BUYER if order.cancel_requested_by == order.buyer_id else Reason.BY_STAFF
    ending = compensation.begun(order, State.CANCELLED, reason, {}, at)
    after = replace(ending.after, step=first_compensation(ending.after))
    return Change(after, (*change.events, *ending.events))


def definition_of(order: Order) -> StepDefinition:
    """The definition of the order's next step; LookupError if it is at rest."""
    if order.step is None:
        raise LookupError(f"order {order.id} has no step")
    return SAGA[order.step]


def _follow(order: Order, outcome: Outcome, then: Then | None, at: datetime) -> Change:
    if then is None:
        raise LookupError(f"order {order.id}: {outcome} is no outcome of step {order.step}")
    change = then.becomes(order, outcome, at)
    after = change.after
    follows = COMPENSATE if after.ending and not order.ending else then.next
    step = follows.pick(after) if isinstance(follows, Choice) else follows
    return replace(change, after=replace(after, step=step))
