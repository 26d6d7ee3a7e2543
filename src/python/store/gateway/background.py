"""What happens without being asked: events are delivered, banks answer, old keys are forgotten."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import groupby

from store.gateway import calls, outbox, refunds
from store.gateway.clients import Listener, Receipt
from store.gateway.ids import new_id
from store.gateway.outbox import Delivery
from store.server.process.worker import repeat
from store.server.telemetry import context, traces

_BATCH = 64
_SENDERS = 8
_IDLE_SECONDS = 0.2
_BANK_SECONDS = 0.5
_CLEANING_SECONDS = 600.0
_log = logging.getLogger(__name__)


def deliver_events(listener: Listener) -> None:
    """Send events until the process stops: side by side, but those of one payment in their order."""
    with ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhook") as senders:
        repeat("events", lambda: _deliver_due(listener, senders), _IDLE_SECONDS)


def settle_refunds(new_call: Callable[[str], calls.Call]) -> None:
    """Let banks answer refunds until the process stops."""
    repeat("refunds", lambda: refunds.settle_one(new_call(new_id("req", 14))), _BANK_SECONDS)


def forget_old_keys() -> None:
    """Delete expired idempotency keys every few minutes until the process stops."""
    repeat("keys", _forget, _CLEANING_SECONDS)


def _forget() -> bool:
    if forgotten := calls.forget_old_keys():
        _log.info("forgot %s idempotency keys", forgotten)
    return False


def _deliver_due(listener: Listener, senders: Executor) -> bool:
    due = outbox.claim_due(_BATCH)
    sent = senders.map(lambda group: _send(listener, group), _by_payment(due))
    # Noted together: a commit for each would cost the payments more than it is worth.
    outbox.note_delivered({id_: answer for taken in sent for id_, answer in taken.items()})
    return bool(due)


def _by_payment(due: Sequence[Delivery]) -> list[list[Delivery]]:
    ordered = sorted(due, key=lambda delivery: delivery.topic)
    return [list(group) for _, group in groupby(ordered, key=lambda delivery: delivery.topic)]


def _send(listener: Listener, group: Sequence[Delivery]) -> dict[int, str]:
    """Send one payment's events: the answers to those that were taken, by the delivery's id."""
    taken = {}
    for delivery in group:
        receipt = _sent(listener, delivery)
        if receipt.taken:
            taken[delivery.id] = receipt.answer
        else:
            outbox.note_failed(delivery, receipt.answer)
            _log.warning("event %s was not taken: %s", delivery.event, receipt.answer)
    return taken


def _sent(listener: Listener, delivery: Delivery) -> Receipt:
    """What the listener says to an event, which it hears in the trace of the call that made it."""
    kept = delivery.traceparent or ""
    with context.resumed(kept), traces.span("event", traceparent=kept):
        receipt = listener.send(delivery.body)
        traces.note(**{"delivery.attempt": delivery.attempts})
    return receipt
