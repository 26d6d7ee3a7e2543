"""The register of webhook endpoints: its rows, written and read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from store.orders.models.tables import database
from store.orders.webhooks.errors import EndpointNotFound
from store.orders.webhooks.models import Endpoint
from store.server.http.etags import StaleVersion
from store.server.http.pages import PageRequest


@dataclass(frozen=True)
class EndpointStatus:
    """An endpoint as people see it: without its secrets, but with how far it lags behind."""

    id: UUID
    url: str
    description: str
    event_types: list[str]
    state: str
    paused_reason: str | None
    previous_secret_until: datetime | None
    version: int
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    pending: int
    dead: int
    oldest_pending_at: datetime | None
    lag_seconds: float


_LISTED = """
SELECT e.id, e.url, e.description, e.event_types, e.state, e.paused_reason, e.version, e.created_by,
    e.created_at, e.updated_at, pending, dead, oldest_pending_at,
    CASE WHEN e.previous_until > now() THEN e.previous_until END AS previous_secret_until,
    coalesce(extract(epoch FROM now() - oldest_pending_at), 0)::float8 AS lag_seconds
FROM webhook_endpoints e
CROSS JOIN LATERAL (SELECT count(*) AS pending, min(created_at) AS oldest_pending_at
    FROM webhook_deliveries WHERE endpoint_id = e.id AND state = 'pending') waiting
CROSS JOIN LATERAL (SELECT count(*) AS dead
    FROM webhook_deliveries WHERE endpoint_id = e.id AND state = 'dead') given_up
"""
_ONE = f"{_LISTED} WHERE e.id = %s"
_PAGE = f"""{_LISTED}
WHERE (%(after)s::uuid IS NULL OR e.id < %(after)s) ORDER BY e.id DESC LIMIT %(limit)s
"""
# Others may read and deliver meanwhile, but not create: so the count stays true.
_HOLD_ALL = "LOCK TABLE webhook_endpoints IN SHARE ROW EXCLUSIVE MODE"
_COUNT = "SELECT count(*) AS n FROM webhook_endpoints"
_ADD = """
INSERT INTO webhook_endpoints (id, url, description, event_types, sealed_secret, created_by)
VALUES (%(id)s, %(url)s, %(description)s, %(event_types)s::text[], %(sealed_secret)s, %(created_by)s)
"""
_CHANGE = """
UPDATE webhook_endpoints SET url = %(url)s, description = %(description)s, state = %(state)s,
    paused_reason = %(paused_reason)s,
    listens_since = CASE WHEN event_types = %(event_types)s::text[] THEN listens_since ELSE now() END,
    event_types = %(event_types)s::text[], version = version + 1, updated_at = now()
WHERE id = %(id)s AND version = %(version)s
"""
_ROTATE = """
UPDATE webhook_endpoints SET previous_secret = sealed_secret, previous_until = now() + %(overlap)s,
    sealed_secret = %(sealed_secret)s, version = version + 1, updated_at = now()
WHERE id = %(id)s
"""
_TARGET = """
SELECT id, url, ARRAY[sealed_secret]
    || CASE WHEN previous_until > now() THEN ARRAY[previous_secret] END AS secrets
FROM webhook_endpoints WHERE id = %s
"""
_FORGIVE = """
UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, rest_until = NULL WHERE id = %s
"""
_REMOVE = "DELETE FROM webhook_endpoints WHERE id = %s"


def listed(endpoint_id: UUID) -> EndpointStatus:
    """The endpoint, or EndpointNotFound."""
    row = database.row(_ONE, (endpoint_id,))
    if row is None:
        raise EndpointNotFound
    return EndpointStatus(**row)


def listed_page(page: PageRequest) -> list[EndpointStatus]:
    """Up to limit + 1 endpoints, newest first."""
    after = page.after[0] if page.after else None
    rows = database.rows(_PAGE, {"after": after, "limit": page.limit + 1})
    return [EndpointStatus(**row) for row in rows]


def count_and_hold() -> int:
    """How many endpoints there are; nobody makes another one before this transaction ends."""
    database.run(_HOLD_ALL)
    return int((database.row(_COUNT) or {})["n"])


def add(endpoint_id: UUID, wanted: dict[str, Any], sealed_secret: bytes, created_by: UUID) -> None:
    """Write a new endpoint. Joins the open transaction."""
    values = {**wanted, "id": endpoint_id, "sealed_secret": sealed_secret, "created_by": created_by}
    database.run(_ADD, values)


def change(after: EndpointStatus) -> EndpointStatus:
    """The endpoint as it is now written; StaleVersion if somebody else has changed it meanwhile."""
    if not database.run(_CHANGE, vars(after)):
        raise StaleVersion
    return listed(after.id)


def rotate(endpoint_id: UUID, sealed_secret: bytes, overlap: timedelta) -> None:
    """Write a new secret; the one until now stays beside it for a while. EndpointNotFound."""
    values = {"id": endpoint_id, "sealed_secret": sealed_secret, "overlap": overlap}
    if not database.run(_ROTATE, values):
        raise EndpointNotFound


def target(endpoint_id: UUID) -> Endpoint:
    """Where messages go and what signs them, the newest secret first; EndpointNotFound."""
    row = database.row(_TARGET, (endpoint_id,))
    if row is None:
        raise EndpointNotFound
    return Endpoint(row["id"], row["url"], tuple(bytes(each) for each in row["secrets"]))


def forgive(endpoint_id: UUID) -> None:
    """Forget how often the endpoint has failed: it is called again at once; EndpointNotFound."""
    if not database.run(_FORGIVE, (endpoint_id,)):
        raise EndpointNotFound


def remove(endpoint_id: UUID) -> None:
    """Forget the endpoint and its deliveries."""
    database.run(_REMOVE, (endpoint_id,))
