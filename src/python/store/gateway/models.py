"""Payment intents, charges and refunds: rows, their queries, and the rules about one row.

Queries are plain SQL written once: the gateway stands in the path of every order. Writes are
gathered in a `Batch` and sent together, so that a call costs few round trips.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from store.database.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
database = Database(MIGRATIONS)


class Batch:
    """Statements gathered during one call, and sent to PostgreSQL in one round trip."""

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._params: list[Any] = []

    def add(self, sql: str, *params: Any) -> None:
        """Append a statement; it runs at `save`, in the order of adding."""
        self._statements.append(sql)
        self._params.extend(params)

    def save(self) -> None:
        """Run what was gathered, in the open transaction."""
        if self._statements:
            database.run("; ".join(self._statements), self._params)
            self._statements, self._params = [], []


def as_json(value: Any) -> str | None:
    """A value for a json column; None is SQL's NULL."""
    return None if value is None else orjson.dumps(value).decode()


@dataclass(slots=True)
class Intent:
    """A payment that somebody wants to happen."""

    id: str
    amount: int
    currency: str
    status: str
    capture_method: str
    payment_method: str | None
    amount_received: int
    client_secret: str
    description: str | None
    metadata: dict[str, str]
    options: dict[str, Any]
    return_url: str | None
    challenge: str | None
    last_payment_error: dict[str, Any] | None
    cancellation_reason: str | None
    canceled_at: datetime | None
    created_at: datetime

    @property
    def amount_capturable(self) -> int:
        """What may be captured now."""
        return self.amount if self.status == "requires_capture" else 0

    def insert(self, batch: Batch) -> None:
        """Write the new row."""
        batch.add(_INSERT_INTENT, *self._values())

    def update(self, batch: Batch) -> None:
        """Write what may have changed."""
        batch.add(_UPDATE_INTENT, *self._values()[1:], self.id)

    def _values(self) -> list[Any]:
        values = [getattr(self, name) for name in _INTENT]
        for name in ("metadata", "options", "last_payment_error"):
            values[_INTENT.index(name)] = as_json(getattr(self, name))
        return values


@dataclass(slots=True)
class Charge:
    """One attempt to move the money of an intent."""

    id: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    payment_method: str
    amount_captured: int
    amount_refunded: int
    failure: dict[str, Any] | None
    created_at: datetime

    @property
    def refundable(self) -> int:
        """What is captured and not given back."""
        return self.amount_captured - self.amount_refunded

    def insert(self, batch: Batch) -> None:
        """Write the new row."""
        values = [getattr(self, name) for name in _CHARGE]
        values[_CHARGE.index("failure")] = as_json(self.failure)
        batch.add(_INSERT_CHARGE, *values)

    def update(self, batch: Batch) -> None:
        """Write how much was captured and refunded."""
        batch.add(_UPDATE_CHARGE, self.amount_captured, self.amount_refunded, self.id)


@dataclass(slots=True)
class Refund:
    """Money on its way back."""

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
        """Write the new row."""
        values = [getattr(self, name) for name in _REFUND]
        values[_REFUND.index("metadata")] = as_json(self.metadata)
        batch.add(_INSERT_REFUND, *values)

    def update(self, batch: Batch) -> None:
        """Write how it ended."""
        values = (self.status, self.failure_reason, self.settles_at, self.settles_as, self.id)
        batch.add(_UPDATE_REFUND, *values)


_INTENT = [field.name for field in fields(Intent)]
_CHARGE = [field.name for field in fields(Charge)]
_REFUND = [field.name for field in fields(Refund)]


def _insert(table: str, columns: Sequence[str]) -> str:
    places = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"


_INSERT_INTENT = _insert("payment_intents", _INTENT)
_INSERT_CHARGE = _insert("charges", _CHARGE)
_INSERT_REFUND = _insert("refunds", _REFUND)
_UPDATE_INTENT = (
    f"UPDATE payment_intents SET {', '.join(f'{name} = %s' for name in _INTENT[1:])} WHERE id = %s"
)
_UPDATE_CHARGE = "UPDATE charges SET amount_captured = %s, amount_refunded = %s WHERE id = %s"
_UPDATE_REFUND = (
    "UPDATE refunds SET status = %s, failure_reason = %s, settles_at = %s, settles_as = %s"
    " WHERE id = %s"
)
INTENT_AND_CHARGE = f"""
SELECT {", ".join(f"i.{name}" for name in _INTENT)},
       {", ".join(f"c.{name} AS charge_{name}" for name in _CHARGE)}
FROM payment_intents i
LEFT JOIN LATERAL (
    SELECT * FROM charges WHERE payment_intent = i.id ORDER BY seq DESC LIMIT 1) c ON true
"""
_BY_ID = INTENT_AND_CHARGE + "WHERE i.id = %s"
# Two statements in one round trip: a join that waits for a lock would show the charge as it was
# before the wait (READ COMMITTED re-reads only the locked row).
_LOCKED = "SELECT 1 FROM payment_intents WHERE id = %s FOR UPDATE; " + _BY_ID

Payment = tuple[Intent, Charge | None]
"""An intent and its latest charge."""


def find_payment(intent_id: str) -> Payment | None:
    """The intent and its latest charge."""
    row = database.row(_BY_ID, (intent_id,))
    return payment_of(row) if row else None


def lock_payment(intent_id: str) -> Payment | None:
    """The same, held until the transaction ends. Whoever touches a charge holds its intent."""
    row = database.row(_LOCKED, (intent_id, intent_id))
    return payment_of(row) if row else None


def intent_of_challenge(challenge: str) -> str | None:
    """The id of the intent whose buyer has been sent to this 3-D Secure challenge."""
    row = database.row("SELECT id FROM payment_intents WHERE challenge = %s", (challenge,))
    return str(row["id"]) if row else None


def find_charge(charge_id: str) -> Charge | None:
    """One charge."""
    row = database.row(f"SELECT {', '.join(_CHARGE)} FROM charges WHERE id = %s", (charge_id,))
    return Charge(**row) if row else None


def find_refund(refund_id: str) -> Refund | None:
    """One refund."""
    row = database.row(SELECT_REFUND + "WHERE r.id = %s", (refund_id,))
    return Refund(**row) if row else None


def due_refund(now: datetime) -> Refund | None:
    """A refund whose bank answers now, held until the transaction ends; none that another holds."""
    due = "WHERE r.settles_at <= %s ORDER BY r.settles_at LIMIT 1 FOR UPDATE SKIP LOCKED"
    row = database.row(SELECT_REFUND + due, (now,))
    return Refund(**row) if row else None


SELECT_REFUND = f"SELECT {', '.join(f'r.{name}' for name in _REFUND)} FROM refunds r "


def payment_of(row: dict[str, Any]) -> Payment:
    """A row of `INTENT_AND_CHARGE`."""
    intent = Intent(**{name: row[name] for name in _INTENT})
    if row["charge_id"] is None:
        return intent, None
    return intent, Charge(**{name: row[f"charge_{name}"] for name in _CHARGE})
