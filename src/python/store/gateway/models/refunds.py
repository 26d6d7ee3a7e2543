"""Refunds: rows and their queries."""

from dataclasses import dataclass, fields
from datetime import datetime

from store.gateway.models.tables import Batch, as_json, database, insert_into


@dataclass(slots=True)
class Refund:
    """Money on its way back. `settles_at` is when the buyer's bank answers, `settles_as` what."""

    id: str
    charge: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    reason: str | None
    metadata: dict[str, str]
    failure_reason: str | None
    settles_at: datetime | None
    settles_as: str | None
    created_at: datetime

    def insert(self, batch: Batch) -> None:
        values = [getattr(self, name) for name in _REFUND]
        values[_REFUND.index("metadata")] = as_json(self.metadata)
        batch.add(_INSERT, *values)

    def update(self, batch: Batch) -> None:
        values = (self.status, self.failure_reason, self.settles_at, self.settles_as, self.id)
        batch.add(_UPDATE, *values)


_REFUND = [field.name for field in fields(Refund)]
_INSERT = insert_into("refunds", _REFUND)
_UPDATE = (
    "UPDATE refunds SET status = %s, failure_reason = %s, settles_at = %s, settles_as = %s"
    " WHERE id = %s"
)
SELECT_REFUND = f"SELECT {', '.join(f'r.{name}' for name in _REFUND)} FROM refunds r "
_DUE = (
    SELECT_REFUND + "WHERE r.settles_at <= %s ORDER BY r.settles_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)


def find_refund(refund_id: str) -> Refund | None:
    row = database.row(SELECT_REFUND + "WHERE r.id = %s", (refund_id,))
    return Refund(**row) if row else None


def due_refund_for_update(now: datetime) -> Refund | None:
    """A refund whose bank answers now, locked until the transaction ends; none that another holds."""
    row = database.row(_DUE, (now,))
    return Refund(**row) if row else None
