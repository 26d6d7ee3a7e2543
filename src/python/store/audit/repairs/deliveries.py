"""Deliveries to webhook endpoints: put back, or tried at once. The worker sends them."""

from dataclasses import dataclass

from store.audit.repairs.remedy import Hands, NotRepaired

# It keeps the event's own time: what comes late is not expected to come in order.
_PUT_BACK = """
INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, number, give_up_at, created_at)
SELECT w.id, e.id, e.order_id, e.number, now() + interval '3 days', e.created_at
FROM webhook_endpoints w, order_events e
WHERE w.id = %(endpoint)s::uuid AND e.id = %(event)s
ON CONFLICT DO NOTHING RETURNING event_id
"""
_NOW = """
UPDATE webhook_deliveries SET due_at = now(), lease = NULL, leased_until = NULL
WHERE endpoint_id = %(endpoint)s::uuid AND event_id = %(event)s AND state = 'pending'
    AND (leased_until IS NULL OR leased_until <= now())
RETURNING event_id
"""
# An endpoint that failed too often rests; who repairs wants to know now.
_AWAKE = "UPDATE webhook_endpoints SET rest_until = NULL WHERE id = %(endpoint)s::uuid"
_DONE = """
SELECT event_id FROM webhook_deliveries
WHERE endpoint_id = %(endpoint)s::uuid AND event_id = %(event)s AND state <> 'pending'
"""


@dataclass(frozen=True)
class PutDeliveryBack:
    """Writes the delivery that an event should have had."""

    endpoint_id: str
    event_id: int

    @property
    def does(self) -> str:
        return f"put the delivery of event {self.event_id} to endpoint {self.endpoint_id} back"

    def apply(self, hands: Hands) -> str:
        if not hands.orders.run(_PUT_BACK, endpoint=self.endpoint_id, event=self.event_id):
            raise NotRepaired("it is there by now, or its endpoint is not")
        return "a worker will send it"


@dataclass(frozen=True)
class SendNow:
    """Makes a delivery due at once. Whether the subscriber takes it is up to the subscriber."""

    endpoint_id: str
    event_id: int

    @property
    def does(self) -> str:
        return f"send event {self.event_id} to endpoint {self.endpoint_id} now"

    def apply(self, hands: Hands) -> str:
        with hands.orders.transaction() as run:
            run(_AWAKE, endpoint=self.endpoint_id)
            due = run(_NOW, endpoint=self.endpoint_id, event=self.event_id)
        if not due:
            raise NotRepaired("somebody is at work on it, or it is over")
        return "it is due now"

    def is_over(self, hands: Hands) -> bool:
        return bool(hands.orders.run(_DONE, endpoint=self.endpoint_id, event=self.event_id))
