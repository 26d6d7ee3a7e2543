"""What came of deliveries, written by whoever still holds their lease.

A delivery that an endpoint does not take is tried again with exponential backoff and full jitter
("Exponential Backoff And Jitter", AWS Architecture Blog, 2015), at first within seconds. When an
endpoint has failed several times in a row, not its messages are to blame: then the endpoint rests,
for up to a sixth of the time it has been away, and whatever it is owed waits with it. So a
subscriber that was away for a minute is tried again within ten seconds, one that was away for a day
within four hours; and when it has taken one message, all the others follow at once.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from store.database.model import jsonb
from store.orders.models.tables import database
from store.orders.webhooks.models import ABSENT, Endpoint

GONE = "the subscriber answered 410 Gone"
LONGEST_WAIT = "interval '4 hours'"


@dataclass(frozen=True)
class DeliveryOutcome:
    """How an attempt ended; `retry_after` is how many seconds the subscriber wants to be left alone."""

    endpoint_id: UUID
    event_id: int
    lease: UUID
    answer: str
    retry_after: float | None = None


_SAID = """
said AS (SELECT * FROM jsonb_to_recordset(%(said)s) AS s(
    endpoint_id uuid, event_id bigint, lease uuid, answer text, retry_after float8))"""
# If the database forgets an outcome in a crash, the message is sent once more.
_UNHURRIED = "SELECT count(*) AS n, set_config('synchronous_commit', 'off', true) FROM written"

_TAKEN = f"""
WITH {_SAID}, written AS (
    UPDATE webhook_deliveries d SET state = 'delivered', delivered_at = now(), answer = said.answer,
        lease = NULL, leased_until = NULL
    FROM said WHERE d.endpoint_id = said.endpoint_id AND d.event_id = said.event_id
    AND d.lease = said.lease RETURNING d.event_id
) {_UNHURRIED}
"""
_BACK = """
UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, rest_until = NULL
WHERE id = ANY(%s) AND failures > 0
"""
_FAILED = f"""
WITH {_SAID}, written AS (
    UPDATE webhook_endpoints e SET failures = failures + f.count,
        failing_since = coalesce(failing_since, now()),
        rest_until = greatest(rest_until,
            now() + f.retry_after * interval '1 second',
            CASE WHEN failures + f.count >= {ABSENT} THEN now() + random() * least({LONGEST_WAIT},
                greatest((now() - failing_since) / 6, interval '1 second')) END)
    FROM (SELECT endpoint_id, count(*)::int AS count, max(retry_after) AS retry_after
        FROM said GROUP BY endpoint_id) f
    WHERE e.id = f.endpoint_id RETURNING e.id
) {_UNHURRIED}
"""
# The later events of an order wait together with the one they have to follow.
_NOT_TAKEN = f"""
WITH {_SAID}, held AS MATERIALIZED (
    SELECT d.endpoint_id, d.order_id, d.number, said.answer, d.give_up_at <= now() AS hopeless,
        CASE WHEN e.failures >= {ABSENT} THEN greatest(e.rest_until, now())
            ELSE now() + random() * least({LONGEST_WAIT}, 2 ^ least(d.attempts, 20)
                * interval '1 second', greatest((now() - d.created_at) / 6, interval '1 second'))
            END AS due_at
    FROM said JOIN webhook_deliveries d ON d.endpoint_id = said.endpoint_id
        AND d.event_id = said.event_id AND d.lease = said.lease
    JOIN webhook_endpoints e ON e.id = d.endpoint_id
    FOR UPDATE OF d
), written AS (
    UPDATE webhook_deliveries d SET lease = NULL, leased_until = NULL,
        answer = CASE WHEN d.number = h.number THEN h.answer ELSE d.answer END,
        state = CASE WHEN d.number = h.number AND hopeless THEN 'dead' ELSE 'pending' END,
        due_at = CASE WHEN hopeless THEN now() ELSE h.due_at END
    FROM held h WHERE d.endpoint_id = h.endpoint_id AND d.order_id = h.order_id
    AND d.state = 'pending' AND (d.number = h.number OR (d.number > h.number AND d.lease IS NULL))
    RETURNING d.event_id
) {_UNHURRIED}
"""
_GONE = """
UPDATE webhook_endpoints SET state = 'paused', paused_reason = %s, version = version + 1,
    updated_at = now()
WHERE id = %s AND url = %s AND state = 'active'
"""


def note_taken(outcomes: Sequence[DeliveryOutcome]) -> None:
    """These were delivered. Whoever was believed to be away is back."""
    if outcomes:
        database.row(_TAKEN, _said(outcomes))
        database.run(_BACK, ([outcome.endpoint_id for outcome in outcomes],))


def note_failed(outcomes: Sequence[DeliveryOutcome]) -> None:
    """These were not taken: later again, or never when three days are over."""
    if outcomes:
        # Two statements, since whoever deletes an endpoint locks it before its deliveries.
        database.row(_FAILED, _said(outcomes))
        database.row(_NOT_TAKEN, _said(outcomes))


def pause_gone(endpoint: Endpoint) -> None:
    """The subscriber wants nothing more: keep it until a person decides, unless it has moved since."""
    database.run(_GONE, (GONE, endpoint.id, endpoint.url))


def _said(outcomes: Sequence[DeliveryOutcome]) -> dict[str, object]:
    return {"said": jsonb([asdict(outcome) for outcome in outcomes])}
