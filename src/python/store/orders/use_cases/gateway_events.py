"""Events of the payment gateway: taken down once, believed never.

A webhook only says where to look. It makes the order's next step due at once; the step asks the
gateway how things stand. So duplicates, and news that arrive in the wrong order, change nothing twice.
"""

import time
from typing import Any
from uuid import UUID

import orjson

from store.orders.clients.shop import Shop
from store.orders.errors import BadWebhook
from store.orders.metrics import count_webhook
from store.orders.models.gateway_events import GatewayEvent, note_event
from store.orders.saga.definition import SAGA, Wake
from store.orders.saga.engine import advance
from store.orders.use_cases.refunds import doubt_refund

ADVANCE_SECONDS = 3.0
REFUND_TYPES = frozenset({"refund.failed", "refund.updated", "charge.refund.updated"})
WAKES = {
    "always": [step for step, each in SAGA.items() if each.gateway_event is Wake.ALWAYS],
    "when_idle": [step for step, each in SAGA.items() if each.gateway_event is Wake.IDLE],
}


def receive_event(body: bytes, shop: Shop) -> None:
    """Take an event down and look after the order it is about, unless it is known; BadWebhook."""
    event = _event_of(body)
    if event.type in REFUND_TYPES:
        # Before it is taken down: if the gateway cannot be asked now, it will send it again.
        doubt_refund(event.object_id, shop)
    is_new, order_id = note_event(event, WAKES)
    count_webhook(event.type, is_new=is_new)
    if order_id is not None:
        advance(order_id, shop, time.monotonic() + ADVANCE_SECONDS)


def _event_of(body: bytes) -> GatewayEvent:
    try:
        event = orjson.loads(body)
        about = event["data"]["object"]
        words = (event["id"], event["type"], about.get("id") or "")
        if not all(isinstance(word, str) and word.isprintable() for word in words):
            raise BadWebhook
        return GatewayEvent(*words, _order_in(about.get("metadata") or {}))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadWebhook from error


def _order_in(metadata: dict[str, Any]) -> UUID | None:
    """The order that an object of ours belongs to. The account may have objects of others, too."""
    try:
        return UUID(metadata.get("order_id"))
    except (ValueError, TypeError, AttributeError):
        return None
