"""What the outcome of a step means for an order: the plan, as one pure function."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from store.orders import giving_back, taking
from store.orders.models import Order
from store.orders.moves import Change
from store.orders.outcomes import Done, Outcome, Overtaken, Refused, Unknown, Waiting
from store.orders.states import EXPIRING, Reason, Step
from store.server.backoff import seconds_to_wait

LONGEST_WAIT_SECONDS = 10.0
"""Most seconds between two attempts at a step whose outcome is unknown.

When all that was broken works again, every order must be at rest within a minute: one that somebody
held who died is free when his lease ends (30 s), the attempt that comes then may still meet a
connection from before and fail, and then this wait comes before the one that succeeds. The jitter
stays full: seldom asking is not what protects those who come back, but not asking all at once.
"""

_DONE: Mapping[Step, Callable[[Order, Done, datetime], Change]] = {
    Step.RESERVE: taking.reserved,
    Step.AUTHORISE: taking.authorised,
    Step.AWAIT_BUYER: taking.authorised,
    Step.COMMIT: taking.committed,
    Step.CAPTURE: taking.captured,
    Step.VOID: giving_back.voided,
    Step.REPAY: giving_back.repaid,
    Step.RELEASE: giving_back.released,
}


def interruption(order: Order, at: datetime) -> Outcome | None:
    """What keeps the order's next step from being tried at all: a cancellation, or its expiry."""
    if order.ending:
        return None
    if order.cancel_requested_at is not None:
        return Overtaken()
    if order.step in EXPIRING and at >= order.expires_at:
        return Refused(Reason.EXPIRED)
    return None


def change_of(order: Order, outcome: Outcome, at: datetime) -> Change:
    """How the order is to be after this outcome of its step. A wish to cancel comes before the rest."""
    match outcome:
        case Unknown():
            failed = order.attempts + 1
            wait = seconds_to_wait(failed, LONGEST_WAIT_SECONDS)
            change = Change(replace(order, attempts=failed), wait=wait)
        case Waiting():
            change = _waiting(order, outcome, at)
        case Refused():
            change = _refused(order, outcome, at)
        case Done():
            change = _done(order, outcome, at)
        case Overtaken():
            change = Change(order)
    return giving_back.cancelled_if_wished(change, at)


def _waiting(order: Order, outcome: Waiting, at: datetime) -> Change:
    if order.step == Step.REPAY:
        return giving_back.refund_pending(order, outcome, at)
    return taking.awaiting_buyer(order, outcome, at)


def _refused(order: Order, outcome: Refused, at: datetime) -> Change:
    if order.step == Step.VOID:
        return giving_back.found_declined(order, outcome)
    if order.step == Step.REPAY:
        return giving_back.refund_refused(order, outcome, at)
    return taking.refused(order, outcome, at)


def _done(order: Order, outcome: Done, at: datetime) -> Change:
    if order.step is None:
        raise LookupError(f"order {order.id} has no step to be done with")
    change = _DONE[order.step](order, outcome, at)
    if change.after.step == order.step:
        return change
    return replace(change, after=replace(change.after, attempts=0))
