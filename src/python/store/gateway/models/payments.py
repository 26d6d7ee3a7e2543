"""Payment intents and their charges: rows, their queries, and the rules about one row.

Queries are plain SQL written once: the gateway is called for every order. Writes are gathered in a
`Batch` and sent together, so that a request costs few round trips.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from store.gateway.models.tables import Batch, as_json, database, insert_into


@dataclass(slots=True)
class PaymentIntent:
    """A payment that a shop has asked for."""

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
        values = [getattr(self, name) for name in _CHARGE]
        values[_CHARGE.index("failure")] = as_json(self.failure)
        batch.add(_INSERT_CHARGE, *values)

    def update(self, batch: Batch) -> None:
        """Write how much was captured and refunded."""
        batch.add(_UPDATE_CHARGE, self.amount_captured, self.amount_refunded, self.id)


_INTENT = [field.name for field in fields(PaymentIntent)]
_CHARGE = [field.name for field in fields(Charge)]
_INSERT_INTENT = insert_into("payment_intents", _INTENT)
_INSERT_CHARGE = insert_into("charges", _CHARGE)
_UPDATE_INTENT = (
    f"UPDATE payment_intents SET {', '.join(f'{name} = %s' for name in _INTENT[1:])} WHERE id = %s"
)
_UPDATE_CHARGE = "UPDATE charges SET amount_captured = %s, amount_refunded = %s WHERE id = %s"
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
_FOR_UPDATE = "SELECT 1 FROM payment_intents WHERE id = %s FOR UPDATE; " + _BY_ID

Payment = tuple[PaymentIntent, Charge | None]
"""An intent and its latest charge."""


def find_payment(intent_id: str) -> Payment | None:
    row = database.row(_BY_ID, (intent_id,))
    return payment_of(row) if row else None


def payment_for_update(intent_id: str) -> Payment | None:
    """The same, locked until the transaction ends. Whoever changes a charge locks its intent."""
    row = database.row(_FOR_UPDATE, (intent_id, intent_id))
    return payment_of(row) if row else None


def intent_of_challenge(challenge: str) -> str | None:
    """The id of the intent whose buyer has been sent to this 3-D Secure challenge."""
    row = database.row("SELECT id FROM payment_intents WHERE challenge = %s", (challenge,))
    return str(row["id"]) if row else None


def find_charge(charge_id: str) -> Charge | None:
    row = database.row(f"SELECT {', '.join(_CHARGE)} FROM charges WHERE id = %s", (charge_id,))
    return Charge(**row) if row else None


def payment_of(row: dict[str, Any]) -> Payment:
    """A row of `INTENT_AND_CHARGE`."""
    intent = PaymentIntent(**{name: row[name] for name in _INTENT})
    if row["charge_id"] is None:
        return intent, None
    return intent, Charge(**{name: row[f"charge_{name}"] for name in _CHARGE})
