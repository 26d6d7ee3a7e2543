"""What the payment gateway tells us: taken down once, believed never.

A webhook only says where to look. It makes the order's next step due at once; the step asks the
gateway how things stand. So duplicates, and news that arrive in the wrong order, change nothing twice.
"""

import time
from uuid import UUID

from store.orders.engine import advance
from store.orders.metrics import WEBHOOKS
from store.orders.models import database
from store.orders.payment_client import Told
from store.orders.steps import Shop

ADVANCE_SECONDS = 3.0

_NOTE = """
INSERT INTO gateway_events (id, type, object_id, order_id)
VALUES (%(event_id)s, %(type)s, %(object_id)s, (
    SELECT order_id FROM payments WHERE intent_id = %(object_id)s OR order_id = %(order_id)s
    UNION SELECT order_id FROM refunds WHERE gateway_id = %(object_id)s LIMIT 1))
ON CONFLICT (id) DO NOTHING RETURNING order_id
"""
# The version moves, too: whoever is looking right now must not put the order to rest again. Steps
# that act get their own answer, so news about them matter only when nobody is at work.
_POKE = """
UPDATE orders SET next_attempt_at = now(), attempts = 0, version = version + 1
WHERE id = %s AND (step IN ('await_buyer', 'repay') OR (step IN ('authorise', 'capture', 'void')
    AND (leased_until IS NULL OR leased_until <= now())))
"""


def hear(told: Told, shop: Shop) -> None:
    """Take the news down and look after the order it is about, unless we have heard it before."""
    with database.transaction():
        noted = database.row(_NOTE, vars(told))
        order_id: UUID | None = noted["order_id"] if noted else None
        poked = order_id is not None and database.run(_POKE, (order_id,)) > 0
    WEBHOOKS.labels(told.type, "new" if noted else "duplicate").inc()
    if poked and order_id is not None:
        advance(order_id, shop, time.monotonic() + ADVANCE_SECONDS)
