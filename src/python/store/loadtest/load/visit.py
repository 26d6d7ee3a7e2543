"""One buyer's order, as the people who deal with it see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.loadtest.api import Answer
from store.loadtest.load.intents import Wish
from store.loadtest.load.recorder import Recorder
from store.loadtest.load.target import Target

Order = Mapping[str, Any]

# Nothing moves these by itself.
_ENDED = frozenset({"rejected", "cancelled", "shipped", "delivered", "refunded"})
_WAITING = frozenset({"confirmed", "awaiting_payment"})


@dataclass(frozen=True)
class Visit:
    """What is wanted, where, and under which Idempotency-Key."""

    target: Target
    recorder: Recorder
    wish: Wish
    key: str
    currency: str

    def orders(self, path: str) -> tuple[str, ...]:
        """A path of orders at every replica; each visit begins with another one."""
        return self.target.orders(path, self.wish.number)

    def tell(self, answer: Answer) -> Order:
        """The order in an answer; from now on that is what was told about it."""
        order: Order = answer.body
        self.recorder.tell(self.key, order)
        return order


def is_settled(order: Order) -> bool:
    """Whether nothing is left to do but what the buyer or the staff have to do themselves."""
    if any(refund["state"] == "pending" for refund in order["refunds"]):
        return False
    waits = order["state"] in _WAITING and not order["cancel_requested_at"]
    return waits or order["state"] in _ENDED


def is_paid_or_not(order: Order) -> bool:
    """Whether the bank's challenge has led somewhere."""
    return is_settled(order) and order["state"] != "awaiting_payment"
