"""The dispatcher: takes to subscribers what they are owed. Any number may run."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta

from store.database.vault import Vault
from store.orders.webhooks import backlog
from store.orders.webhooks.clients import DEADLINE_SECONDS, Receipt, Subscribers
from store.orders.webhooks.messages import event_message
from store.orders.webhooks.metrics import DEAD, DELIVERIES, LAG, LOOK_AROUND_SECONDS, PENDING
from store.orders.webhooks.models import LEASE_SECONDS, Delivery, claimed
from store.orders.webhooks.outcomes import Outcome, note_failed, note_taken, pause_gone
from store.server.clock import now
from store.server.errors import StoreError, Unavailable
from store.server.ids import new_id
from store.server.worker import repeat

HANDS = 64
"""Messages on their way at the same time. They need no connection to the database meanwhile."""

LATEST_START_SECONDS = LEASE_SECONDS - 2 * DEADLINE_SECONDS
"""An attempt that cannot begin so soon after its claim is left to whoever claims it next."""

WAIT_SECONDS = 0.25
IDLE_SECONDS = 0.25
TIDY_SECONDS = 60.0
KEPT = timedelta(days=30)
"""How long one can look up what was delivered."""

_log = logging.getLogger(__name__)


class Dispatcher:
    """Sends due deliveries, as many at a time as it has hands, and writes what came of them.

    Only `step` talks to the database. So however many subscribers are stuck, orders keep theirs.
    """

    def __init__(self, vault: Vault, subscribers: Subscribers) -> None:
        self._vault = vault
        self._subscribers = subscribers
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="webhook")
        self._sending: dict[Future[Receipt | None], Delivery] = {}
        self._look_at = self._tidy_at = 0.0

    def step(self) -> bool:
        """Note what has come back, and send what is due; whether there was anything to do."""
        self._housekeep()
        self._note()
        found = self._claim()
        if not found and self._sending:
            wait(self._sending, timeout=WAIT_SECONDS, return_when=FIRST_COMPLETED)
        return bool(self._sending)

    def run(self) -> None:
        """Take steps until the process stops, and finish what is in hand."""
        repeat("webhooks", self.step, IDLE_SECONDS)
        self.finish()

    def finish(self) -> None:
        """Finish what is in hand, and note what came of it."""
        self._hands.shutdown(wait=True)
        try:
            self._note()
        except Unavailable as error:
            _log.warning("outcomes are not noted, those messages go twice: %s", error.code)

    def _claim(self) -> int:
        free = HANDS - len(self._sending)
        if not free:
            return 0
        busy = Counter(delivery.endpoint.id for delivery in self._sending.values())
        start_by = time.monotonic() + LATEST_START_SECONDS
        found = claimed(new_id(), free, busy)
        for delivery in found:
            self._sending[self._hands.submit(self._send, delivery, start_by)] = delivery
        return len(found)

    def _send(self, delivery: Delivery, start_by: float) -> Receipt | None:
        """Send one message; None if this process was stopped for so long that others may do so."""
        if time.monotonic() > start_by:
            return None
        try:
            secrets = [self._vault.open(each).decode() for each in delivery.endpoint.sealed_secrets]
            about = {"order_id": delivery.order_id, "number": delivery.number}
            message = event_message(
                delivery.event_id, delivery.type, delivery.created_at, about, delivery.data
            )
            return self._subscribers.send(delivery.endpoint.url, message, secrets)
        except StoreError as error:
            _log.error("event %s cannot be sent: %s", delivery.event_id, error.detail)
            return Receipt(False, error.code)
        except Exception:
            _log.exception("event %s cannot be sent", delivery.event_id)
            return Receipt(False, "unexpected")

    def _note(self) -> None:
        """Write what has come back. If that fails it stays in hand, and is written next time."""
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

    def _housekeep(self) -> None:
        at = time.monotonic()
        if at >= self._look_at:
            self._look_at = at + LOOK_AROUND_SECONDS
            found = backlog.backlog()
            PENDING.set(found.pending)
            DEAD.set(found.dead)
            LAG.see(found.lag_seconds)
        if at >= self._tidy_at:
            self._tidy_at = at + TIDY_SECONDS
            _all(backlog.give_up)
            _all(lambda: backlog.forget(now() - KEPT))


def _all(some: Callable[[], int]) -> None:
    while some():
        pass


def _outcome(delivery: Delivery, receipt: Receipt) -> Outcome:
    return Outcome(
        delivery.endpoint.id,
        delivery.event_id,
        delivery.lease,
        receipt.answer,
        receipt.retry_after,
    )
