"""Events, and their way to whoever listens.

An event and its delivery are written in the transaction of what they tell. Deliveries are claimed
under a lease, so that any number of replicas share them; a lost replica's are taken over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from store.gateway.errors import NoSuchThing
from store.gateway.faults import Mischief
from store.gateway.ids import new_id
from store.gateway.list_schemas import ListRequest
from store.gateway.listing import rows_of_page
from store.gateway.models import Batch, database
from store.gateway.objects import API_VERSION, Object, list_object
from store.server.clock import now
from store.server.outbound.backoff import seconds_to_wait
from store.server.telemetry import context

_LEASE = timedelta(seconds=60)
# Stripe keeps trying for three days (docs.stripe.com/webhooks, "Retry behavior").
_PATIENCE = timedelta(days=3)
# What a shop subscribes to; charges tell the same again.
_LISTENED_TO = ("payment_intent.", "refund.")
_EVENT = "INSERT INTO events (id, type, body, created_at) VALUES (%s, %s, %s, %s)"
_DELIVERY = (
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
UPDATE deliveries d SET state = 'delivered', answer = taken.answer, delivered_at = %s
FROM unnest(%s::bigint[], %s::text[]) taken (id, answer) WHERE d.id = taken.id
"""
_FAILED = """
UPDATE deliveries SET answer = %s, due_at = %s,
    state = CASE WHEN give_up_at <= %s THEN 'given_up' ELSE 'pending' END
WHERE id = %s
"""


@dataclass(frozen=True)
class Told:
    """Something that happened."""

    id: str
    kind: str
    payment_intent: str
    body: str
    at: datetime

    @classmethod
    def of(
        cls, kind: str, thing: dict[str, Any], payment_intent: str, request_id: str, key: str | None
    ) -> "Told":
        """The event, with a snapshot of the thing."""
        event_id, at = new_id("evt"), now().replace(microsecond=0)
        event = {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": int(at.timestamp()),
            "data": {"object": thing},
            "livemode": False,
            "pending_webhooks": 1 if kind.startswith(_LISTENED_TO) else 0,
            "request": {"id": request_id, "idempotency_key": key},
            "type": kind,
        }
        return cls(event_id, kind, payment_intent, orjson.dumps(event).decode(), at)


@dataclass(frozen=True)
class Delivery:
    """One event on its way to the listener, and the trace of the call that it tells of."""

    id: int
    event: str
    topic: str
    attempts: int
    traceparent: str | None
    body: str


def write_events(batch: Batch, told: Sequence[Told], mischief: Mischief | None) -> None:
    """Add events to the batch, and their deliveries unless nobody listens (`mischief` is None)."""
    for event in told:
        batch.add(_EVENT, event.id, event.kind, event.body, event.at)
    if mischief is None:
        return
    trace = context.carried() or None
    heard = [event for event in told if event.kind.startswith(_LISTENED_TO)]
    for place, event in enumerate(heard):
        due = now() + timedelta(seconds=mischief.webhook_wait(place, len(heard)))
        for _ in range(2 if mischief.webhook_twice else 1):
            patience = event.at + _PATIENCE
            batch.add(_DELIVERY, event.id, event.payment_intent, due, patience, trace)


def claim_due(limit: int) -> list[Delivery]:
    """Deliveries to make now, oldest first; nobody else gets them before the lease ends."""
    moment = now()
    rows = database.rows(_CLAIM, (moment + _LEASE, moment, limit))
    return sorted((Delivery(**row) for row in rows), key=lambda delivery: delivery.id)


def note_delivered(answers: Mapping[int, str]) -> None:
    """The listener took these deliveries, and answered so."""
    if answers:
        database.run(_DELIVERED, (now(), list(answers), list(answers.values())))


def note_failed(delivery: Delivery, answer: str) -> None:
    """The listener did not take it: later again, or never when patience has ended."""
    moment = now()
    due = moment + timedelta(seconds=seconds_to_wait(delivery.attempts))
    database.run(_FAILED, (answer, due, moment, delivery.id))


def retrieve(event_id: str) -> orjson.Fragment:
    """One event."""
    row = database.row("SELECT body::text AS body FROM events WHERE id = %s", (event_id,))
    if row is None:
        raise NoSuchThing("event", event_id, "id")
    return orjson.Fragment(row["body"])


def page(wanted: ListRequest) -> Object:
    """A page of events, newest first."""
    found = rows_of_page("SELECT e.body::text AS body FROM events e", wanted, "event", "e")
    shown = [orjson.Fragment(row["body"]) for row in found[: wanted.limit]]
    if wanted.ending_before:
        shown.reverse()
    return list_object(shown, "/v1/events", has_more=len(found) > wanted.limit)


def deliveries_of(event_id: str) -> list[dict[str, Any]]:
    """How an event's deliveries are doing."""
    return database.rows(
        "SELECT id, event, state, attempts, answer, due_at, delivered_at FROM deliveries"
        " WHERE event = %s ORDER BY id",
        (event_id,),
    )
