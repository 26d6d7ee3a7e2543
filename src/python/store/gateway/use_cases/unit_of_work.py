"""What one request writes and publishes: rows, events and their deliveries, in one transaction."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from store.gateway.models.deliveries import insert_delivery
from store.gateway.models.events import PaymentEvent
from store.gateway.models.tables import Batch
from store.gateway.use_cases.misbehaviour import NO_MISBEHAVIOUR, Misbehaviour
from store.server.clock import now
from store.server.telemetry import context


@dataclass
class UnitOfWork:
    """One request, its idempotency key if it has one, and what it has gathered to write.

    With `webhooks` its events are delivered; without, they are kept and sent nowhere.
    """

    request_id: str
    endpoint: str
    public_url: str
    webhooks: bool
    key: str | None = None
    fingerprint: str = ""
    expand: frozenset[str] = frozenset()
    misbehaviour: Misbehaviour = NO_MISBEHAVIOUR
    batch: Batch = field(default_factory=Batch)
    events: list[PaymentEvent] = field(default_factory=list)

    def publish(self, type_: str, thing: dict[str, Any], payment_intent: str) -> None:
        """Gather an event with the object as it is now."""
        event = PaymentEvent.of(type_, thing, payment_intent, self.request_id, self.key)
        self.events.append(event)

    def discard(self) -> None:
        self.batch, self.events = Batch(), []

    def save(self) -> None:
        """Write rows, events and deliveries in one round trip, in the open transaction."""
        for event in self.events:
            event.insert(self.batch)
        if self.webhooks:
            self._insert_deliveries()
        self.batch.save()

    def _insert_deliveries(self) -> None:
        trace = context.carried() or None
        events = [event for event in self.events if event.is_subscribed]
        for position, event in enumerate(events):
            delay = self.misbehaviour.webhook_delay(position, len(events))
            for _ in range(2 if self.misbehaviour.webhook_twice else 1):
                insert_delivery(self.batch, event, now() + timedelta(seconds=delay), trace)
