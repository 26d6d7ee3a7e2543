"""The engine: takes an order through its saga to its end, whoever dies on the way.

An order knows its next step. Whoever wants to take it takes a lease on the order first (in the
database, for 30 seconds), makes the step's call outside any transaction, and writes the outcome
guarded by the lease. So at most one process works on an order, no connection is held while another
service is asked, and a process that was slow or believed dead cannot write what it believes.

What one confirmed order costs: 4 calls (Reserve, create payment intent, Commit, capture) and 7
commits in 10 round trips: the Idempotency-Key is taken; order, lines, event, lease and the key's
note are written in one transaction; one statement for each of the four outcomes (it writes state,
payment, prices and event, and keeps the lease for the next step); and the answer is kept. Nothing is
read back: whoever holds the lease knows the order. Of the outcomes only two wait for the disk
(`writes.save`): the one after which money may be asked for, and the last. Any other that a crash of
the database forgets is learned again by repeating its step.
"""

import logging
import time
from uuid import UUID

from store.orders.clients.shop import Shop
from store.orders.errors import LeaseLost, PaymentDeclined, Refusal
from store.orders.metrics import count_attempt, count_change
from store.orders.models import writes
from store.orders.models.order import Order
from store.orders.models.queries import lease_order, order_of
from store.orders.models.states import Reason, Step
from store.orders.models.tables import database
from store.orders.models.writes import Change
from store.orders.saga.definition import SAGA
from store.orders.saga.outcomes import Outcome, Refused, Unknown, Waiting
from store.orders.saga.transitions import change_of, definition_of, interruption
from store.server.clock import now
from store.server.errors import StoreError, Unavailable
from store.server.ids import new_id
from store.server.outbound.backoff import seconds_to_wait
from store.server.telemetry import context, traces

POLL_INTERVAL_SECONDS = 0.2
MAX_SAVE_ATTEMPTS = 6
LONGEST_SAVE_WAIT_SECONDS = 2.0
"""A database that restarts is back by then, and the lease has not run out."""

_log = logging.getLogger(__name__)


def advance(order_id: UUID, shop: Shop, give_up_at: float) -> Order | None:
    """Take the order as far as it gets now; None if nothing is due or somebody else is at work.

    No step begins after `give_up_at` (time.monotonic); the last one may outlast it by its deadline.
    """
    order = lease_order(order_id, new_id())
    return work_on(order, shop, give_up_at) if order else None


def work_on(order: Order, shop: Shop, give_up_at: float) -> Order:
    """Take an order that the caller holds as far as it gets, and let go of it.

    What is asked and logged meanwhile belongs to the trace of the request that placed the order.
    """
    context.order_id.set(str(order.id))
    with context.resumed(order.traceparent):
        try:
            while order.lease is not None:
                outcome = interruption(order, now()) or attempt(order, shop)
                order = settle(order, outcome, give_up_at)
        except LeaseLost:
            order = order_of(order.id)
    return order


def drive(order: Order, shop: Shop, give_up_at: float) -> Order:
    """Take an order to where only its buyer can help, or as far as it gets until `give_up_at`.

    While somebody else is at work on it, this waits and looks.
    """
    while not is_settled(order) and time.monotonic() < give_up_at:
        order = advance(order.id, shop, give_up_at) or order_of(order.id)
        if not is_settled(order):
            time.sleep(max(0.0, min(POLL_INTERVAL_SECONDS, give_up_at - time.monotonic())))
    return order


def is_settled(order: Order) -> bool:
    """Whether nothing is left to do but what the buyer has to do himself."""
    return order.step is None or (order.step == Step.AWAIT_BUYER and not order.cancel_requested_at)


def attempt(order: Order, shop: Shop) -> Outcome:
    """Try the order's step once. Only what is surely refused is refused; the rest is unknown."""
    assert order.step is not None, "a lease is only given for an order with a step"  # noqa: S101
    began = time.perf_counter()
    with traces.span(f"order.step {order.step}", traceparent=order.traceparent or ""):
        outcome = _outcome(order, order.step, shop)
        _publish(order, order.step, outcome, time.perf_counter() - began)
    return outcome


def _outcome(order: Order, step: Step, shop: Shop) -> Outcome:
    try:
        return SAGA[step].run(order, shop)
    except (Refusal, PaymentDeclined) as error:
        return _refused(order, error)
    except StoreError as error:
        _log.warning("order %s, step %s: %s %s", order.id, step, error.code, error.detail)
        return Unknown(error.code)
    except Exception:
        _log.exception("order %s, step %s failed; it stays due", order.id, step)
        return Unknown("unexpected")


def _publish(order: Order, step: Step, outcome: Outcome, seconds: float) -> None:
    """The same of each attempt to metrics, trace and log."""
    word, number = type(outcome).__name__.lower(), order.attempts + 1
    count_attempt(step, word, seconds)
    facts = {"step": step.value, "outcome": word, "attempt": number}
    traces.note(**{"order.id": str(order.id)}, **{f"order.{name}": facts[name] for name in facts})
    took = round(seconds * 1000, 2)
    published = facts | {"order_id": str(order.id), "duration_ms": took}
    _log.info("%s: %s in %s ms", step, word, took, extra=published)


def settle(order: Order, outcome: Outcome, give_up_at: float) -> Order:
    """Write the outcome and return the order as it then is; LeaseLost if it is not ours any more.

    If somebody has changed the order meanwhile (a wish to cancel, a webhook), what is done is
    applied to the order as it is now; what only waits is tried again, since there is news.
    """
    for tried in range(1, MAX_SAVE_ATTEMPTS + 1):
        try:
            if saved := _save(order, outcome, give_up_at):
                return saved
            current = _still_mine(order)
        except Unavailable:
            # The write may have happened or not: if it has, the next one is refused by its guard.
            if tried == MAX_SAVE_ATTEMPTS:
                raise
            time.sleep(seconds_to_wait(tried, cap=LONGEST_SAVE_WAIT_SECONDS))
            continue
        if current.step != order.step or isinstance(outcome, Waiting | Unknown):
            return current
        order = current
    raise LeaseLost


def _save(order: Order, outcome: Outcome, give_up_at: float) -> Order | None:
    change = change_of(order, outcome, now())
    goes_on = change.after.step is not None and not change.wait and time.monotonic() < give_up_at
    return save(order, change if goes_on else change.without_lease())


def save(before: Order, change: Change) -> Order | None:
    """Write the change of an order that we hold, and count it; None if the order has changed."""
    saved = writes.save(before, change)
    if saved:
        database.on_commit(lambda: count_change(before, saved))
    return saved


def _still_mine(order: Order) -> Order:
    current = order_of(order.id)
    if current.lease != order.lease:
        raise LeaseLost
    return current


def _refused(order: Order, error: Refusal | PaymentDeclined) -> Outcome:
    """A no ends a sale; a step that insists does not take it for an answer."""
    if definition_of(order).insists:
        _log.error("order %s, step %s is refused: %s", order.id, order.step, error.detail)
        return Unknown(error.code)
    intent_id = error.intent_id if isinstance(error, PaymentDeclined) else None
    return Refused(Reason(error.code), error.facts, intent_id)
