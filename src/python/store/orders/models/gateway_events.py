"""Events of the payment gateway: each taken down once, with the order it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.orders.models.states import Step
from store.orders.models.tables import database


@dataclass(frozen=True)
class GatewayEvent:
    """What a webhook says: which object it is about, and the order if it names one."""

    event_id: str
    type: str
    object_id: str
    order_id: UUID | None


# The version moves, too: whoever is looking right now must not put the order to rest again. Steps
# that act get their own answer, so news about them matter only when nobody is at work.
_NOTE = """
WITH noted AS (
    INSERT INTO gateway_events (id, type, object_id, order_id)
    VALUES (%(event_id)s, %(type)s, %(object_id)s, (
        SELECT order_id FROM payments WHERE intent_id = %(object_id)s OR order_id = %(order_id)s
        UNION SELECT order_id FROM refunds WHERE gateway_id = %(object_id)s LIMIT 1))
    ON CONFLICT (id) DO NOTHING RETURNING order_id
), woken AS (
    UPDATE orders o SET next_attempt_at = now(), attempts = 0, version = version + 1 FROM noted
    WHERE o.id = noted.order_id AND (o.step = ANY(%(always)s)
        OR (o.step = ANY(%(when_idle)s)
            AND (o.leased_until IS NULL OR o.leased_until <= now())))
    RETURNING o.id
)
SELECT (SELECT count(*) FROM noted) AS new, (SELECT id FROM woken) AS woken
"""
_FORGET = "DELETE FROM gateway_events WHERE received_at < %s"


def note_event(
    event: GatewayEvent, wakes: Mapping[str, Sequence[Step]]
) -> tuple[bool, UUID | None]:
    """Take an event down, unless known, and make its order due if its step is one of `wakes`.

    `wakes` names the steps that become due "always", and those "when_idle": while nobody works.
    Returns whether the event is new, and the order that became due, if one did.
    """
    row = database.row(_NOTE, {**vars(event), **wakes}) or {}
    return bool(row["new"]), row["woken"]


def forget_events(older_than: datetime) -> int:
    """Forget the events received before a moment; how many there were."""
    return database.run(_FORGET, (older_than,))
