"""What `orders repair` does with deliveries: put back, or due at once. The worker sends them."""

from collections.abc import Mapping
from uuid import UUID

from store.orders.models.tables import database
from store.server.process.repairs import LeftAlone, Repair

# It keeps the event's own time: what comes late is not expected to come in order.
_PUT_BACK = """
INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, number, give_up_at, created_at)
SELECT w.id, e.id, e.order_id, e.number, now() + interval '3 days', e.created_at
FROM webhook_endpoints w, order_events e
WHERE w.id = %(endpoint)s AND e.id = %(event)s AND w.state = 'active'
    AND (w.event_types = '{}' OR w.event_types && ARRAY[e.type, split_part(e.type, '.', 1) || '.*'])
ON CONFLICT DO NOTHING
"""
_NOW = """
UPDATE webhook_deliveries SET due_at = now(), lease = NULL, leased_until = NULL
WHERE endpoint_id = %(endpoint)s AND event_id = %(event)s AND state = 'pending'
    AND (leased_until IS NULL OR leased_until <= now())
"""
# An endpoint that failed too often rests; who repairs wants to know now.
_AWAKE = "UPDATE webhook_endpoints SET rest_until = NULL WHERE id = %(endpoint)s"


def put_delivery_back(endpoint_id: str, event_id: int) -> str:
    """Write the delivery that an event should have had."""
    if not database.run(_PUT_BACK, {"endpoint": UUID(endpoint_id), "event": event_id}):
        raise LeftAlone("it is there by now, or its endpoint is not")
    return "a worker will send it"


def send_now(endpoint_id: str, event_id: int) -> str:
    """Make a delivery due at once. Whether the subscriber takes it is up to the subscriber."""
    named = {"endpoint": UUID(endpoint_id), "event": event_id}
    with database.transaction():
        database.run(_AWAKE, named)
        if not database.run(_NOW, named):
            raise LeftAlone("somebody is at work on it, or it is over")
    return "it is due now"


REPAIRS: Mapping[str, Repair] = {
    "put_delivery_back": put_delivery_back,
    "send_now": send_now,
}
