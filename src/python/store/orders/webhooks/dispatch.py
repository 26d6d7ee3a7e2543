"""The dispatcher: takes to subscribers what they are owed, and test messages. Any number may run."""

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any
from uuid import UUID

from store.database.cipher import Cipher
from store.orders.webhooks import backlog, register, trial_queue
from store.orders.webhooks.clients import DEADLINE_SECONDS, Receipt, Subscribers
from store.orders.webhooks.errors import EndpointNotFound
from store.orders.webhooks.event_types import TEST_TYPE
from store.orders.webhooks.messages import Message, event_message, message_of
from store.orders.webhooks.metrics import BACKLOG_INTERVAL_SECONDS, DEAD, DELIVERIES, LAG, PENDING
from store.orders.webhooks.models import LEASE_SECONDS, Delivery, Endpoint, claimed
from store.orders.webhooks.outcomes import DeliveryOutcome, note_failed, note_taken, pause_gone
from store.orders.webhooks.trial import message_id
from store.server.clock import now
from store.server.errors import StoreError, Unavailable
from store.server.ids import new_id
from store.server.process.worker import repeat

MAX_IN_FLIGHT = 64
"""Messages on their way at the same time. They need no connection to the database meanwhile."""

MAX_TRIALS_IN_FLIGHT = 8
"""Test messages at the same time. Somebody waits for each, so they stand behind no delivery."""

LATEST_START_SECONDS = LEASE_SECONDS - 2 * DEADLINE_SECONDS
"""An attempt that cannot begin so soon after its claim is left to whoever claims it next."""

WAIT_SECONDS = 0.25
IDLE_SECONDS = 0.25
TRIAL_POLL_INTERVAL_SECONDS = 0.25
"""How often it looks whether a test message is wanted, however much else there is to do."""

PURGE_SECONDS = 60.0
DELIVERIES_KEPT = timedelta(days=30)
"""How long one can look up what was delivered."""

_log = logging.getLogger(__name__)


class Dispatcher:
    """Sends due deliveries, up to MAX_IN_FLIGHT at a time, and writes what came of them.

    Only `step` talks to the database. So however many subscribers are stuck, orders keep theirs.
    """

    def __init__(self, cipher: Cipher, subscribers: Subscribers) -> None:
        self._cipher = cipher
        self._subscribers = subscribers
        self._executor = ThreadPoolExecutor(MAX_IN_FLIGHT, thread_name_prefix="webhook")
        self._trial_executor = ThreadPoolExecutor(
            MAX_TRIALS_IN_FLIGHT, thread_name_prefix="webhook"
        )
        self._sending: dict[Future[Receipt | None], Delivery] = {}
        self._trying: dict[Future[Receipt], UUID] = {}
        self._backlog_at = self._purge_at = self._try_at = 0.0

    def step(self) -> bool:
        """Note what has come back, and send what is due; whether there was anything to do."""
        self._maintain()
        self._note()
        found = self._claim() + self._claim_trials()
        if not found and self._in_hand:
            sent: list[Future[Any]] = [*self._sending, *self._trying]
            wait(sent, WAIT_SECONDS, FIRST_COMPLETED)
        return bool(self._in_hand)

    def run(self) -> None:
        """Take steps until the process stops, and finish what is in hand."""
        repeat("webhooks", self.step, IDLE_SECONDS)
        self.finish()

    def finish(self) -> None:
        """Finish what is in hand, and note what came of it."""
        for executor in (self._executor, self._trial_executor):
            executor.shutdown(wait=True)
        try:
            self._note()
        except Unavailable as error:
            _log.warning("outcomes are not noted, those messages go twice: %s", error.code)

    @property
    def _in_hand(self) -> int:
        return len(self._sending) + len(self._trying)

    def _claim(self) -> int:
        free = MAX_IN_FLIGHT - len(self._sending)
        if not free:
            return 0
        busy = Counter(delivery.endpoint.id for delivery in self._sending.values())
        start_by = time.monotonic() + LATEST_START_SECONDS
        found = claimed(new_id(), free, busy)
        for delivery in found:
            self._sending[self._executor.submit(self._send, delivery, start_by)] = delivery
        return len(found)

    def _claim_trials(self) -> int:
        """Take up as many test messages as can be sent at once."""
        if time.monotonic() < self._try_at:
            return 0
        self._try_at = time.monotonic() + TRIAL_POLL_INTERVAL_SECONDS
        found = trial_queue.claim(MAX_TRIALS_IN_FLIGHT - len(self._trying))
        for trial in found:
            with contextlib.suppress(EndpointNotFound):
                endpoint = register.target(trial.endpoint_id)
                self._trying[self._trial_executor.submit(self._try, endpoint, trial.id)] = trial.id
        return len(found)

    def _try(self, endpoint: Endpoint, trial_id: UUID) -> Receipt:
        data = {"endpoint_id": endpoint.id}
        return self._sent(
            endpoint, lambda: message_of(message_id(trial_id), TEST_TYPE, now(), data)
        )

    def _send(self, delivery: Delivery, start_by: float) -> Receipt | None:
        """Send one message; None if this process was stopped for so long that others may do so."""
        if time.monotonic() > start_by:
            return None
        about = {"order_id": delivery.order_id, "number": delivery.number}
        return self._sent(
            delivery.endpoint,
            lambda: event_message(
                delivery.event_id, delivery.type, delivery.created_at, about, delivery.data
            ),
            f"event {delivery.event_id}",
        )

    def _sent(
        self, endpoint: Endpoint, make: Callable[[], Message], what: str = "a test message"
    ) -> Receipt:
        try:
            secrets = [self._cipher.open(each).decode() for each in endpoint.sealed_secrets]
            return self._subscribers.send(endpoint.url, make(), secrets)
        except StoreError as error:
            _log.error("%s cannot be sent: %s", what, error.detail)
            return Receipt(False, error.code)
        except Exception:
            _log.exception("%s cannot be sent", what)
            return Receipt(False, "unexpected")

    def _note(self) -> None:
        """Write what has come back. If that fails it stays in hand, and is written next time."""
        for tried in [future for future in self._trying if future.done()]:
            receipt = tried.result()
            trial_queue.note(self._trying[tried], receipt.taken, receipt.answer)
            del self._trying[tried]
        done = [future for future in self._sending if future.done()]
        sent = [(self._sending[future], future.result()) for future in done]
        receipts = [(delivery, receipt) for delivery, receipt in sent if receipt]
        for delivery, receipt in receipts:
            if receipt.gone:
                _log.warning("endpoint %s is gone and is paused", delivery.endpoint.id)
                pause_gone(delivery.endpoint)
        taken = [_outcome(*each) for each in receipts if each[1].taken]
        failed = [_outcome(*each) for each in receipts if not each[1].taken]
        note_taken(taken)
        note_failed(failed)
        for future in done:
            del self._sending[future]
        DELIVERIES.labels("taken").inc(len(taken))
        DELIVERIES.labels("failed").inc(len(failed))

    def _maintain(self) -> None:
        at = time.monotonic()
        if at >= self._backlog_at:
            self._backlog_at = at + BACKLOG_INTERVAL_SECONDS
            found = backlog.backlog()
            PENDING.set(found.pending)
            DEAD.set(found.dead)
            LAG.see(found.lag_seconds)
        if at >= self._purge_at:
            self._purge_at = at + PURGE_SECONDS
            _all(backlog.give_up)
            _all(lambda: backlog.forget(now() - DELIVERIES_KEPT))
            trial_queue.forget()


def _all(some: Callable[[], int]) -> None:
    while some():
        pass


def _outcome(delivery: Delivery, receipt: Receipt) -> DeliveryOutcome:
    return DeliveryOutcome(
        delivery.endpoint.id,
        delivery.event_id,
        delivery.lease,
        receipt.answer,
        receipt.retry_after,
    )
