"""What the payment gateway tells us: taken down once, believed never.

A webhook only says where to look. It makes the order's next step due at once; the step asks the
gateway how things stand. So duplicates, and news that arrive in the wrong order, change nothing twice.
"""

import time
from datetime import datetime

from store.orders.engine import advance
from store.orders.metrics import WEBHOOKS
from store.orders.models import database
from store.orders.payment_client import Told
from store.orders.steps import Shop

ADVANCE_SECONDS = 3.0

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
    WHERE o.id = noted.order_id AND (o.step IN ('await_buyer', 'repay')
        OR (o.step IN ('authorise', 'capture', 'void')
            AND (o.leased_until IS NULL OR o.leased_until <= now())))
    RETURNING o.id
)
SELECT (SELECT count(*) FROM noted) AS new, (SELECT id FROM poked) AS order_id
"""
_FORGET = "DELETE FROM gateway_events WHERE received_at < %s"


def hear(told: Told, shop: Shop) -> None:
    """Take the news down and look after the order it is about, unless we have heard it before."""
    heard = database.row(_HEAR, vars(told)) or {}
    WEBHOOKS.labels(told.type, "new" if heard["new"] else "duplicate").inc()
    if heard["order_id"] is not None:
        advance(heard["order_id"], shop, time.monotonic() + ADVANCE_SECONDS)


def forget(older_than: datetime) -> int:
    """Forget the webhooks heard before a moment; how many there were."""
    return database.run(_FORGET, (older_than,))
