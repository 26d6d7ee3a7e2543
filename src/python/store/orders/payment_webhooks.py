"""What the payment gateway tells us: taken down once, believed never.

A webhook only says where to look. It makes the order's next step due at once; the step asks the
gateway how things stand. So duplicates, and news that arrive in the wrong order, change nothing twice.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from store.orders.errors import BadWebhook
from store.orders.metrics import count_webhook
from store.orders.models import database
from store.orders.refunding import doubt_refund
from store.orders.saga.definition import SAGA, Wake
from store.orders.saga.engine import advance
from store.orders.shop import Shop

ADVANCE_SECONDS = 3.0
REFUND_NEWS = frozenset({"refund.failed", "refund.updated", "charge.refund.updated"})


@dataclass(frozen=True)
class Told:
    """What a webhook says: which object it is about, and the order if it names one."""

    event_id: str
    type: str
    object_id: str
    order_id: UUID | None


# The version moves, too: whoever is looking right now must not put the order to rest again. Steps
# that act get their own answer, so news about them matter only when nobody is at work.
_HEAR = """
WITH noted AS (
    INSERT INTO gateway_events (id, type, object_id, order_id)
    VALUES (%(event_id)s, %(type)s, %(object_id)s, (
        SELECT order_id FROM payments WHERE intent_id = %(object_id)s OR order_id = %(order_id)s
        UNION SELECT order_id FROM refunds WHERE gateway_id = %(object_id)s LIMIT 1))
    ON CONFLICT (id) DO NOTHING RETURNING order_id
), poked AS (
    UPDATE orders o SET next_attempt_at = now(), attempts = 0, version = version + 1 FROM noted
    WHERE o.id = noted.order_id AND (o.step = ANY(%(always)s)
        OR (o.step = ANY(%(when_idle)s)
            AND (o.leased_until IS NULL OR o.leased_until <= now())))
    RETURNING o.id
)
SELECT (SELECT count(*) FROM noted) AS new, (SELECT id FROM poked) AS poked
"""
_WAKES = {
    "always": [step for step, each in SAGA.items() if each.gateway_event is Wake.ALWAYS],
    "when_idle": [step for step, each in SAGA.items() if each.gateway_event is Wake.IDLE],
}
_FORGET = "DELETE FROM gateway_events WHERE received_at < %s"


def hear(body: bytes, shop: Shop) -> None:
    """Take the news down and look after the order they are about, unless heard before; BadWebhook."""
    told = _told(body)
    if told.type in REFUND_NEWS:
        # Before it is taken down: if the gateway cannot be asked now, it will tell us again.
        doubt_refund(told.object_id, shop)
    heard = database.row(_HEAR, {**vars(told), **_WAKES}) or {}
    count_webhook(told.type, is_new=bool(heard["new"]))
    if heard["poked"] is not None:
        advance(heard["poked"], shop, time.monotonic() + ADVANCE_SECONDS)


def forget(older_than: datetime) -> int:
    """Forget the webhooks heard before a moment; how many there were."""
    return database.run(_FORGET, (older_than,))


def _told(body: bytes) -> Told:
    try:
        event = orjson.loads(body)
        about = event["data"]["object"]
        words = (event["id"], event["type"], about.get("id") or "")
        if not all(isinstance(word, str) and word.isprintable() for word in words):
            raise BadWebhook
        return Told(*words, _order_in(about.get("metadata") or {}))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadWebhook from error


def _order_in(metadata: dict[str, Any]) -> UUID | None:
    """The order that an object of ours belongs to. The account may have objects of others, too."""
    try:
        return UUID(metadata.get("order_id"))
    except (ValueError, TypeError, AttributeError):
        return None
