"""Events: what happened to a payment, as Stripe writes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from store.gateway.models.ids import new_id
from store.gateway.models.tables import Batch, database
from store.server.clock import now

API_VERSION = "2026-10-28.endive"
"""The version of Stripe's API whose shapes the gateway has."""

# What a shop subscribes to; events of charges repeat the same.
_SUBSCRIBED = ("payment_intent.", "refund.")
_INSERT = "INSERT INTO events (id, type, body, created_at) VALUES (%s, %s, %s, %s)"


@dataclass(frozen=True)
class PaymentEvent:
    """Something that happened to a payment, with a snapshot of the object it happened to."""

    id: str
    type: str
    payment_intent: str
    body: str
    created_at: datetime

    @classmethod
    def of(
        cls,
        type_: str,
        thing: dict[str, Any],
        payment_intent: str,
        request_id: str,
        key: str | None,
    ) -> "PaymentEvent":
        """The event, with the object as it is now."""
        event_id, created_at = new_id("evt"), now().replace(microsecond=0)
        event = {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": int(created_at.timestamp()),
            "data": {"object": thing},
            "livemode": False,
            "pending_webhooks": 1 if type_.startswith(_SUBSCRIBED) else 0,
            "request": {"id": request_id, "idempotency_key": key},
            "type": type_,
        }
        return cls(event_id, type_, payment_intent, orjson.dumps(event).decode(), created_at)

    @property
    def is_subscribed(self) -> bool:
        return self.type.startswith(_SUBSCRIBED)

    def insert(self, batch: Batch) -> None:
        batch.add(_INSERT, self.id, self.type, self.body, self.created_at)


def find_event(event_id: str) -> str | None:
    row = database.row("SELECT body::text AS body FROM events WHERE id = %s", (event_id,))
    return row["body"] if row else None
