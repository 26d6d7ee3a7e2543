"""Test messages on their way from whoever asks for one to the worker that sends it, and the answers back.

Only workers talk to subscribers: in a cluster no other process may leave the store's network. So an API
process writes a request, a worker claims it, and the answer is read from where it was asked for.
"""

from dataclasses import dataclass
from uuid import UUID

from store.orders.models.tables import database

CLAIM_SECONDS = 5.0
"""A request that no worker has claimed by then is given up."""

_REQUEST = """
INSERT INTO webhook_trials (id, endpoint_id) SELECT %(id)s, id FROM webhook_endpoints
WHERE id = %(endpoint_id)s
"""
_CLAIM = f"""
UPDATE webhook_trials SET claimed_at = now() WHERE id IN (
    SELECT id FROM webhook_trials
    WHERE claimed_at IS NULL AND requested_at > now() - interval '{CLAIM_SECONDS} seconds'
    ORDER BY requested_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, endpoint_id
"""
_NOTE = "UPDATE webhook_trials SET taken = %s, answer = %s WHERE id = %s"
_STATE = "SELECT claimed_at IS NOT NULL AS claimed, taken, answer FROM webhook_trials WHERE id = %s"
_WITHDRAW = "DELETE FROM webhook_trials WHERE id = %s AND claimed_at IS NULL"
_REMOVE = "DELETE FROM webhook_trials WHERE id = %s"
_FORGET = "DELETE FROM webhook_trials WHERE requested_at < now() - interval '10 minutes'"


@dataclass(frozen=True)
class TrialRequest:
    """A test message that a worker has to send."""

    id: UUID
    endpoint_id: UUID


@dataclass(frozen=True)
class TrialState:
    """How far it is: `taken` and `answer` are None until the subscriber has answered."""

    claimed: bool
    taken: bool | None
    answer: str | None


def request(trial_id: UUID, endpoint_id: UUID) -> bool:
    """Ask for a test message; False if there is no such endpoint."""
    return database.run(_REQUEST, {"id": trial_id, "endpoint_id": endpoint_id}) > 0


def claim(limit: int) -> list[TrialRequest]:
    """Up to so many that are to be sent now, by the caller and nobody else."""
    return [TrialRequest(**row) for row in database.rows(_CLAIM, (limit,))]


def note(trial_id: UUID, taken: bool, answer: str) -> None:
    """Write what the subscriber said."""
    database.run(_NOTE, (taken, answer, trial_id))


def state(trial_id: UUID) -> TrialState | None:
    """How far it is; None if its endpoint has been removed meanwhile."""
    row = database.row(_STATE, (trial_id,))
    return TrialState(**row) if row else None


def withdraw(trial_id: UUID) -> bool:
    """Ask no longer; False if a worker has it in hand already."""
    return database.run(_WITHDRAW, (trial_id,)) > 0


def remove(trial_id: UUID) -> None:
    """It is over."""
    database.run(_REMOVE, (trial_id,))


def forget() -> int:
    """Remove those that nobody has waited for to the end; how many there were."""
    return database.run(_FORGET)
