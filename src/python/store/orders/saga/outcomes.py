"""What one attempt at a step can come to."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from store.orders.clients.inventory import Hold
from store.orders.clients.payments import Intent, Repayment
from store.orders.models.states import Reason


@dataclass(frozen=True)
class Done:
    """It is done, now or before; with what was learned by it, and for which refund."""

    hold: Hold | None = None
    intent: Intent | None = None
    repayment: Repayment | None = None
    refund_id: UUID | None = None


@dataclass(frozen=True)
class Refused:
    """A definite no: what was taken so far has to be given back."""

    reason: Reason
    facts: dict[str, Any] = field(default_factory=dict)
    intent_id: str | None = None
    refund_id: UUID | None = None

    @property
    def decline(self) -> dict[str, str | None]:
        """What the payment keeps of a card that was declined."""
        return {"intent_id": self.intent_id, "decline_code": self.facts.get("decline_code")}


@dataclass(frozen=True)
class Waiting:
    """Somebody else has to act first, the buyer or the bank: look again later."""

    intent: Intent | None = None
    repayment: Repayment | None = None
    refund_id: UUID | None = None


@dataclass(frozen=True)
class Unknown:
    """Nobody knows what came of it: the same attempt is due again, later."""

    why: str


@dataclass(frozen=True)
class Overtaken:
    """Nothing was tried: the buyer has asked to cancel before the step began."""


Outcome = Done | Refused | Waiting | Unknown | Overtaken
