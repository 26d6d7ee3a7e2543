"""Deliveries: events that the webhook is owed.

Deliveries are claimed under a lease, so that any number of replicas share them; those of a replica
that died are claimed again by others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from store.gateway.models.events import PaymentEvent
from store.gateway.models.tables import Batch, database
from store.server.clock import now
from store.server.outbound.backoff import seconds_to_wait

_LEASE = timedelta(seconds=60)
# Stripe retries for three days (docs.stripe.com/webhooks, "Retry behavior").
_GIVE_UP_AFTER = timedelta(days=3)
_INSERT = (
    "INSERT INTO deliveries (event, topic, due_at, give_up_at, traceparent)"
    " VALUES (%s, %s, %s, %s, %s)"
)
_CLAIM = """
UPDATE deliveries d SET due_at = %s, attempts = attempts + 1
FROM (SELECT id FROM deliveries WHERE state = 'pending' AND due_at <= %s
      ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED) due
WHERE d.id = due.id
RETURNING d.id, d.event, d.topic, d.attempts, d.traceparent,
          (SELECT body::text FROM events WHERE events.id = d.event) AS body
"""
_DELIVERED = """
UPDATE deliveries d SET state = 'delivered', answer = accepted.answer, delivered_at = %s
FROM unnest(%s::bigint[], %s::text[]) accepted (id, answer) WHERE d.id = accepted.id
"""
_FAILED = """
UPDATE deliveries SET answer = %s, due_at = %s,
    state = CASE WHEN give_up_at <= %s THEN 'given_up' ELSE 'pending' END
WHERE id = %s
"""


@dataclass(frozen=True)
class EventDelivery:
    """One event on its way to the webhook, and the trace of the request that it comes from.

    `topic` is the payment intent: deliveries of one topic are sent in their order.
    """

    id: int
    event: str
    topic: str
    attempts: int
    traceparent: str | None
    body: str


def insert_delivery(
    batch: Batch, event: PaymentEvent, due_at: datetime, traceparent: str | None
) -> None:
    """Owe the event to the webhook from `due_at` on."""
    give_up_at = event.created_at + _GIVE_UP_AFTER
    batch.add(_INSERT, event.id, event.payment_intent, due_at, give_up_at, traceparent)


def claim_due(limit: int) -> list[EventDelivery]:
    """Deliveries to make now, oldest first; nobody else gets them before the lease ends."""
    moment = now()
    rows = database.rows(_CLAIM, (moment + _LEASE, moment, limit))
    return sorted((EventDelivery(**row) for row in rows), key=lambda delivery: delivery.id)


def note_delivered(answers: Mapping[int, str]) -> None:
    """The webhook accepted these deliveries, and answered so."""
    if answers:
        database.run(_DELIVERED, (now(), list(answers), list(answers.values())))


def note_failed(delivery: EventDelivery, answer: str) -> None:
    """The webhook did not accept it: again later, or never when its three days are over."""
    moment = now()
    due = moment + timedelta(seconds=seconds_to_wait(delivery.attempts))
    database.run(_FAILED, (answer, due, moment, delivery.id))


def deliveries_of(event_id: str) -> list[dict[str, Any]]:
    return database.rows(
        "SELECT id, event, state, attempts, answer, due_at, delivered_at FROM deliveries"
        " WHERE event = %s ORDER BY id",
        (event_id,),
    )
