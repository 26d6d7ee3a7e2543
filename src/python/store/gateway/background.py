"""The gateway's loops: events are delivered, banks answer refunds, old keys are deleted."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from store.gateway.clients.webhooks import WebhookEndpoint
from store.gateway.models.idempotency_keys import delete_old_keys
from store.gateway.use_cases.events import deliver_due
from store.gateway.use_cases.refunds import settle_one
from store.gateway.use_cases.unit_of_work import UnitOfWork
from store.server.process.worker import repeat

_SENDERS = 8
_IDLE_SECONDS = 0.2
_BANK_SECONDS = 0.5
_CLEANING_SECONDS = 600.0
_log = logging.getLogger(__name__)


def deliver_events(endpoint: WebhookEndpoint) -> None:
    """Send events to the webhook until the process stops."""
    with ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhook") as senders:
        repeat("events", lambda: deliver_due(endpoint, senders), _IDLE_SECONDS)


def settle_refunds(new_unit: Callable[[], UnitOfWork]) -> None:
    """Let banks answer refunds until the process stops."""
    repeat("refunds", lambda: settle_one(new_unit()), _BANK_SECONDS)


def forget_old_keys() -> None:
    """Delete expired idempotency keys every few minutes until the process stops."""
    repeat("keys", _forget, _CLEANING_SECONDS)


def _forget() -> bool:
    if forgotten := delete_old_keys():
        _log.info("forgot %s idempotency keys", forgotten)
    return False
