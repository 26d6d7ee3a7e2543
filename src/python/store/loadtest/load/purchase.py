"""One buyer's order, as the people who deal with it see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.loadtest.api import Response
from store.loadtest.load.intents import BuyerIntent
from store.loadtest.load.recorder import Recorder
from store.loadtest.target import Target

Order = Mapping[str, Any]

# Nothing moves these by itself.
_ENDED = frozenset({"rejected", "cancelled", "shipped", "delivered", "refunded"})
_WAITING = frozenset({"confirmed", "awaiting_payment"})


@dataclass(frozen=True)
class Purchase:
    """What is bought, where, and under which Idempotency-Key."""

    target: Target
    recorder: Recorder
    intent: BuyerIntent
    key: str
    currency: str

    @property
    def replicas(self) -> tuple[str, ...]:
        """The addresses of orders; each purchase begins with another one."""
        return self.target.replicas(self.intent.number)

    def receive(self, answer: Response) -> Order:
        """The order in an answer; from now on that is what its buyer has seen of it."""
        order: Order = answer.body
        self.recorder.receive(self.key, order)
        return order


def is_settled(order: Order) -> bool:
    """Whether nothing is left to do but what the buyer or the staff have to do themselves."""
    if any(refund["state"] == "pending" for refund in order["refunds"]):
        return False
    waits = order["state"] in _WAITING and not order["cancel_requested_at"]
    return waits or order["state"] in _ENDED


def is_payment_decided(order: Order) -> bool:
    """Whether the bank's challenge has led somewhere."""
    return is_settled(order) and order["state"] != "awaiting_payment"
