"""What has been delivered to an endpoint and what has not, and trying it anew."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.orders.models.tables import database
from store.orders.webhooks import register
from store.orders.webhooks.errors import DeliveryNotFound
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of

MAX_BATCH = 1000
"""So many dead deliveries are revived by one request."""

BATCH = 5000
"""So many rows are changed by one statement, which has 15 s."""


@dataclass(frozen=True)
class TrackedDelivery:
    """One event on its way to one endpoint, as people see it."""

    event_id: int
    message_id: str
    type: str
    order_id: UUID
    number: int
    state: str
    attempts: int
    answer: str | None
    next_attempt_at: datetime | None
    gives_up_at: datetime | None
    delivered_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Redelivery:
    """How many are pending again, and how many dead ones are left."""

    redelivered: int
    left: int


_TRACKED = """
SELECT d.event_id, 'evt_' || d.event_id AS message_id, e.type, d.order_id, d.number, d.state,
    d.attempts, d.answer, d.delivered_at, d.created_at,
    CASE WHEN d.state = 'pending' THEN d.due_at END AS next_attempt_at,
    CASE WHEN d.state = 'pending' THEN d.give_up_at END AS gives_up_at
FROM webhook_deliveries d JOIN order_events e ON e.id = d.event_id
WHERE d.endpoint_id = %(endpoint)s
"""
_ONE = f"{_TRACKED} AND d.event_id = %(event)s"
_PAGE = f"""{_TRACKED}
AND (%(state)s::text IS NULL OR d.state = %(state)s)
AND (%(after)s::bigint IS NULL OR d.event_id < %(after)s)
ORDER BY d.event_id DESC LIMIT %(limit)s
"""
_ANEW = """
UPDATE webhook_deliveries SET state = 'pending', attempts = 0, due_at = now(), delivered_at = NULL,
    give_up_at = now() + interval '3 days'
WHERE endpoint_id = %(endpoint)s
"""
# One that is being sent at this moment is let be.
_ONE_ANEW = f"""{_ANEW}
AND event_id = %(event)s AND (leased_until IS NULL OR leased_until <= now())
"""
_DEAD_ANEW = f"""{_ANEW}
AND event_id IN (SELECT event_id FROM webhook_deliveries WHERE endpoint_id = %(endpoint)s
    AND state = 'dead' ORDER BY event_id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
_WAITING_ANEW = f"""{_ANEW}
AND event_id IN (SELECT event_id FROM webhook_deliveries WHERE endpoint_id = %(endpoint)s
    AND state = 'pending' AND (due_at > now() OR give_up_at < now() + interval '2 days')
    AND (leased_until IS NULL OR leased_until <= now()) LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
_CLEAR = """
DELETE FROM webhook_deliveries WHERE endpoint_id = %(endpoint)s
AND event_id IN (SELECT event_id FROM webhook_deliveries WHERE endpoint_id = %(endpoint)s
    LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""


def deliveries_page(
    endpoint_id: UUID, state: str | None, page: PageRequest
) -> Page[TrackedDelivery]:
    """The deliveries of an endpoint, those of the latest events first; EndpointNotFound."""
    register.listed(endpoint_id)
    after = page.after[0] if page.after else None
    values = {"endpoint": endpoint_id, "state": state, "after": after, "limit": page.limit + 1}
    rows = [TrackedDelivery(**row) for row in database.rows(_PAGE, values)]
    kind = deliveries_by_age(endpoint_id)
    return page_of(rows, page.limit, lambda last: encode_cursor(kind, last.event_id))


def deliveries_by_age(endpoint_id: UUID) -> str:
    """The name of this list in cursors."""
    return f"webhook-deliveries-{endpoint_id}"


def redeliver(endpoint_id: UUID, event_id: int) -> TrackedDelivery:
    """Send one event again, whatever has become of it; EndpointNotFound, DeliveryNotFound."""
    named = {"endpoint": endpoint_id, "event": event_id}
    with database.transaction():
        register.forgive(endpoint_id)
        database.run(_ONE_ANEW, named)
        row = database.row(_ONE, named)
        if row is None:
            raise DeliveryNotFound
    return TrackedDelivery(**row)


def redeliver_dead(endpoint_id: UUID) -> Redelivery:
    """Try up to 1,000 dead deliveries anew, those of the oldest events first; EndpointNotFound."""
    with database.transaction():
        register.forgive(endpoint_id)
        revived = database.run(_DEAD_ANEW, {"endpoint": endpoint_id, "most": MAX_BATCH})
    return Redelivery(revived, register.listed(endpoint_id).dead)


def hurry(endpoint_id: UUID) -> None:
    """Let whatever waits for this endpoint be sent at once, and give it three days again."""
    _in_batches(_WAITING_ANEW, endpoint_id)


def clear(endpoint_id: UUID) -> None:
    """Forget the deliveries of this endpoint."""
    _in_batches(_CLEAR, endpoint_id)


def _in_batches(sql: str, endpoint_id: UUID) -> None:
    while database.run(sql, {"endpoint": endpoint_id, "most": BATCH}):
        pass
