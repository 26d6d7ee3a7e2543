"""The worker: whatever nobody has brought to its end is brought there. Any number may run."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from uuid import UUID

from store.database.idempotency import IdempotencyKeys
from store.orders.clients.shop import Shop
from store.orders.metrics import LOOK_AROUND_SECONDS, backlog_gauges
from store.orders.models.backlog import backlog, due
from store.orders.models.gateway_events import forget_events
from store.orders.models.states import State
from store.orders.models.tables import database
from store.orders.saga.engine import advance
from store.server.clock import now
from store.server.errors import Unavailable

HANDS = 8
"""Orders worked on at the same time; the database pool has to be as large."""

STEP_SECONDS = 10.0
PURGE_SECONDS = 600.0
KEYS_KEPT = timedelta(hours=25)
"""Idempotency-Keys are promised for 24 hours."""

WEBHOOKS_KEPT = timedelta(days=30)
"""The gateway stops repeating an unheard webhook after three days."""

_log = logging.getLogger(__name__)


class Worker:
    """Takes due orders, as many at a time as it has hands, and does the housekeeping between."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="order")
        self._busy: dict[UUID, Future[object]] = {}
        self._gauges = backlog_gauges()
        self._look_at = self._purge_at = 0.0

    def step(self) -> bool:
        """Give every free hand an order that is due; whether there was one."""
        self._housekeep()
        self._busy = {key: future for key, future in self._busy.items() if not future.done()}
        free = HANDS - len(self._busy)
        if not free:
            wait(self._busy.values(), timeout=1.0, return_when="FIRST_COMPLETED")
            return True
        found = due(free, list(self._busy))
        for order_id in found:
            self._busy[order_id] = self._hands.submit(self._advance, order_id)
        return bool(found)

    def finish(self) -> None:
        """Finish the steps in hand."""
        self._hands.shutdown(wait=True)

    def _advance(self, order_id: UUID) -> None:
        try:
            advance(order_id, self._shop, time.monotonic() + STEP_SECONDS)
        except Unavailable as error:
            _log.warning("order %s stays due: %s %s", order_id, error.code, error.detail)
        except Exception:
            _log.exception("order %s could not be advanced; it stays due", order_id)

    def _housekeep(self) -> None:
        at = time.monotonic()
        if at >= self._look_at:
            self._look_at = at + LOOK_AROUND_SECONDS
            self._look_around()
        if at >= self._purge_at:
            self._purge_at = at + PURGE_SECONDS
            IdempotencyKeys(database).purge(now() - KEYS_KEPT)
            forget_events(now() - WEBHOOKS_KEPT)

    def _look_around(self) -> None:
        found = backlog()
        self._gauges.due.set(found.due)
        self._gauges.in_progress.labels(State.PENDING).set(found.pending)
        self._gauges.in_progress.labels(State.AWAITING_PAYMENT).set(found.awaiting_payment)
        self._gauges.oldest_pending.see(found.oldest_pending_seconds)
