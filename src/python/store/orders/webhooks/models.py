"""What subscribers are owed, and who is on the way to them with it.

The events of an order reach an endpoint in their order: only a delivery that has no earlier pending
one is ever claimed, and it stays pending until its outcome is written. A claim is a lease of 30 s:
whatever becomes of its holder, somebody else goes on after that, and what the holder writes too
late changes nothing.

The claim waits for the disk, so whatever is sent has happened for good: orders do not wait for each
of their writes (`orders.writes`), and a crash of the database forgets the last ones. Outcomes need
not wait: what is forgotten of them is sent once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from store.database.model import jsonb
from store.orders.models.tables import database

LEASE_SECONDS = 30
"""How long a delivery stays with whoever took it: much longer than an attempt may take."""

MAX_PER_ENDPOINT = 8
"""Messages that one process sends to one endpoint at the same time."""

ABSENT = 5
"""After so many failures in a row the endpoint itself is away: it is tried with one at a time."""


@dataclass(frozen=True)
class Endpoint:
    """Where messages go, and the secrets that sign them: sealed, the newest first."""

    id: UUID
    url: str
    sealed_secrets: tuple[bytes, ...]


@dataclass(frozen=True)
class Delivery:
    """An event that the holder of `lease` brings to an endpoint; `attempts` counts this one, too."""

    endpoint: Endpoint
    event_id: int
    order_id: UUID
    number: int
    attempts: int
    lease: UUID
    type: str
    data: dict[str, Any]
    created_at: datetime


# What one endpoint may get now, the longest due first. Those of an order are due together, so hardly
# one of them is passed over in vain. Whoever is absent is tried with one at a time. (NOT IN, since
# for "pending" there are indexes that look better than the unique one until statistics are taken.)
_CLAIM = f"""
WITH ready AS MATERIALIZED (
    SELECT id, coalesce((%(busy)s::jsonb ->> id::text)::int, 0) AS busy,
        CASE WHEN failures < {ABSENT} THEN {MAX_PER_ENDPOINT} ELSE 1 END AS most
    FROM webhook_endpoints
    WHERE state = 'active' AND (rest_until IS NULL OR rest_until <= now())
), heads AS MATERIALIZED (
    SELECT h.*, r.most, r.busy + row_number() OVER (
        PARTITION BY h.endpoint_id ORDER BY h.due_at, h.event_id) AS turn
    FROM ready r CROSS JOIN LATERAL (
        SELECT d.endpoint_id, d.event_id, d.due_at FROM webhook_deliveries d
        WHERE d.endpoint_id = r.id AND d.state = 'pending' AND d.due_at <= now()
        AND (d.leased_until IS NULL OR d.leased_until <= now())
        AND NOT EXISTS (SELECT FROM webhook_deliveries earlier
            WHERE earlier.endpoint_id = d.endpoint_id AND earlier.order_id = d.order_id
            AND earlier.number < d.number AND earlier.state NOT IN ('delivered', 'dead'))
        ORDER BY d.due_at LIMIT {MAX_PER_ENDPOINT} FOR UPDATE SKIP LOCKED) h
    WHERE r.busy < r.most
), claimed AS (
    UPDATE webhook_deliveries d SET lease = %(lease)s, attempts = attempts + 1,
        leased_until = now() + interval '{LEASE_SECONDS} seconds'
    FROM (SELECT endpoint_id, event_id FROM heads WHERE turn <= most
        ORDER BY turn, due_at LIMIT %(limit)s) h
    WHERE (d.endpoint_id, d.event_id) = (h.endpoint_id, h.event_id)
    RETURNING d.*
)
SELECT c.event_id, c.order_id, c.number, c.attempts, c.lease, v.type, v.data, v.created_at,
    e.id, e.url, e.sealed_secret, CASE WHEN e.previous_until > now() THEN e.previous_secret END
        AS previous_secret
FROM claimed c JOIN order_events v ON v.id = c.event_id
JOIN webhook_endpoints e ON e.id = c.endpoint_id
"""


def claimed(lease: UUID, limit: int, busy: Mapping[UUID, int]) -> list[Delivery]:
    """Up to `limit` deliveries to make now under this lease, a fair share for each endpoint.

    `busy` says how many the caller has in hand for an endpoint, so that none gets too many.
    """
    at_work = {str(endpoint_id): count for endpoint_id, count in busy.items()}
    values = {"lease": lease, "limit": limit, "busy": jsonb(at_work)}
    return [_delivery(row) for row in database.rows(_CLAIM, values)]


def _endpoint(row: dict[str, Any]) -> Endpoint:
    secrets = (row["sealed_secret"], row["previous_secret"])
    return Endpoint(row["id"], row["url"], tuple(bytes(secret) for secret in secrets if secret))


def _delivery(row: dict[str, Any]) -> Delivery:
    return Delivery(
        endpoint=_endpoint(row),
        **{name: row[name] for name in Delivery.__dataclass_fields__ if name != "endpoint"},
    )
