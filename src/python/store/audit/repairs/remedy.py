"""What sets a finding right, where there is exactly one right answer.

A remedy may be repeated, and may be interrupted anywhere: each is one call or one statement that
changes nothing when it has been done before. Before it is applied its finding is looked at again.

What has more than one right answer is left to a person. So is everything that cannot be taken back
on a mere suspicion: a refund, a second capture, a line in the ledger of the shelves.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from store.audit.gateway import Gateway
from store.audit.repairs.clients import Inventory
from store.audit.repairs.tables import Tables


class NotRepaired(Exception):
    """It was left as it is; the text says why."""


@dataclass(frozen=True)
class Hands:
    """What a repair may touch: two services by their own doors, and two databases."""

    inventory: Inventory
    gateway: Gateway
    orders: Tables
    shelves: Tables


class Remedy(Protocol):
    """One thing to do about one finding. Remedies that are equal do the same."""

    @property
    def does(self) -> str:
        """What it does, for people: `cancel payment pi_1, which was not captured`."""

    def apply(self, hands: Hands) -> str:
        """Do it; what came of it. NotRepaired if that proves impossible, or needless by now."""


@runtime_checkable
class OfOrder(Remedy, Protocol):
    """A remedy for one order; its finding is judged again just before."""

    @property
    def order_id(self) -> str: ...


@runtime_checkable
class LeftToWorker(Remedy, Protocol):
    """A remedy whose work is done by a worker, a little later."""

    def is_over(self, hands: Hands) -> bool:
        """Whether the worker is done with it."""
