"""Deliveries as the tests of webhooks need them: made, claimed, answered, and late at will."""

from collections.abc import Callable
from uuid import UUID

from store.orders.models.tables import database
from store.orders.testing.shop import CIPHER
from store.orders.webhooks.models import Delivery, claimed
from store.orders.webhooks.outcomes import DeliveryOutcome
from store.orders.webhooks.signatures import new_secret
from store.server.grpc.testing import wait_until
from store.server.ids import new_id


def add_endpoint(url: str, *event_types: str) -> UUID:
    """A webhook endpoint in the database."""
    endpoint_id = new_id()
    database.run(
        """INSERT INTO webhook_endpoints (id, url, event_types, sealed_secret, created_by)
        VALUES (%s, %s, %s::text[], %s, %s)""",
        (endpoint_id, url, list(event_types), CIPHER.seal(new_secret().encode()), new_id()),
    )
    return endpoint_id


def all_due() -> None:
    """Everything that waits is due, and nobody rests or holds a lease any longer."""
    database.run("UPDATE webhook_endpoints SET rest_until = NULL")
    database.run(
        """UPDATE webhook_deliveries SET due_at = now() - interval '1 second',
        leased_until = leased_until - interval '1 hour' WHERE state = 'pending'"""
    )


def states() -> list[tuple[int, str]]:
    """Number and state of every delivery, by the number of its event."""
    rows = database.rows("SELECT number, state FROM webhook_deliveries ORDER BY event_id")
    return [(row["number"], row["state"]) for row in rows]


def step_until(so: Callable[[], bool], *steps: Callable[[], bool], seconds: float = 15.0) -> None:
    """Take steps in turn until it is so; an AssertionError after that many seconds."""

    def so_by_now() -> bool:
        for step in steps:
            step()
        return so()

    wait_until(so_by_now, seconds)


def claim(limit: int = 64, busy: dict[UUID, int] | None = None) -> list[Delivery]:
    """What a worker gets that has so much in hand."""
    return claimed(new_id(), limit, busy or {})


def outcome(
    delivery: Delivery, answer: str = "200", retry_after: float | None = None
) -> DeliveryOutcome:
    """What came of a delivery."""
    ids = (delivery.endpoint.id, delivery.event_id, delivery.lease)
    return DeliveryOutcome(*ids, answer, retry_after)


def seconds_until(column: str, table: str = "webhook_deliveries") -> float:
    """Seconds from now until the latest such moment in the table."""
    row = database.row(f"SELECT extract(epoch FROM max({column}) - now())::float AS s FROM {table}")
    return float((row or {})["s"] or 0)
