"""The worker: whatever nobody has brought to its end is brought there. Any number may run."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from uuid import UUID

from store.database.idempotency import IdempotencyKeys
from store.orders.clients.shop import Shop
from store.orders.metrics import BACKLOG_INTERVAL_SECONDS, backlog_gauges
from store.orders.models.backlog import backlog, due
from store.orders.models.gateway_events import forget_events
from store.orders.models.states import State
from store.orders.models.tables import database
from store.orders.saga.engine import advance
from store.server.clock import now
from store.server.errors import Unavailable

MAX_ORDERS = 8
"""Orders worked on at the same time; the database pool has to be as large."""

ADVANCE_SECONDS = 10.0
PURGE_SECONDS = 600.0
KEYS_KEPT = timedelta(hours=25)
"""Idempotency-Keys are promised for 24 hours."""

WEBHOOKS_KEPT = timedelta(days=30)
"""The gateway stops repeating an unheard webhook after three days."""

_log = logging.getLogger(__name__)


class Worker:
    """Takes due orders, several at a time, and does the maintenance between."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._executor = ThreadPoolExecutor(MAX_ORDERS, thread_name_prefix="order")
        self._busy: dict[UUID, Future[object]] = {}
        self._gauges = backlog_gauges()
        self._backlog_at = self._purge_at = 0.0

    def step(self) -> bool:
        """Take as many due orders as there is room for; whether there was one."""
        self._maintain()
        self._busy = {key: future for key, future in self._busy.items() if not future.done()}
        free = MAX_ORDERS - len(self._busy)
        if not free:
            wait(self._busy.values(), timeout=1.0, return_when="FIRST_COMPLETED")
            return True
        found = due(free, list(self._busy))
        for order_id in found:
            self._busy[order_id] = self._executor.submit(self._advance, order_id)
        return bool(found)

    def finish(self) -> None:
        """Finish the steps that have begun."""
        self._executor.shutdown(wait=True)

    def _advance(self, order_id: UUID) -> None:
        try:
            advance(order_id, self._shop, time.monotonic() + ADVANCE_SECONDS)
        except Unavailable as error:
            _log.warning("order %s stays due: %s %s", order_id, error.code, error.detail)
        except Exception:
            _log.exception("order %s could not be advanced; it stays due", order_id)

    def _maintain(self) -> None:
        at = time.monotonic()
        if at >= self._backlog_at:
            self._backlog_at = at + BACKLOG_INTERVAL_SECONDS
            self._publish_backlog()
        if at >= self._purge_at:
            self._purge_at = at + PURGE_SECONDS
            IdempotencyKeys(database).purge(now() - KEYS_KEPT)
            forget_events(now() - WEBHOOKS_KEPT)

    def _publish_backlog(self) -> None:
        found = backlog()
        self._gauges.due.set(found.due)
        self._gauges.in_progress.labels(State.PENDING).set(found.pending)
        self._gauges.in_progress.labels(State.AWAITING_PAYMENT).set(found.awaiting_payment)
        self._gauges.oldest_pending.see(found.oldest_pending_seconds)
