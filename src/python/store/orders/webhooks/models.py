"""What subscribers are owed, and who is on the way to them with it.

The events of an order reach an endpoint in their order: only a delivery that has no earlier pending
one is ever claimed, and it stays pending until its outcome is written. A claim is a lease of 30 s:
whatever becomes of its holder, somebody else goes on after that, and what the holder writes too
late changes nothing.

The claim waits for the disk, so that whatever is sent has happened for good: orders do not wait
for each of their moves (`orders.moves`), and a crash of the database forgets the last ones. Outcomes
need not wait, since what is forgotten of them is only sent once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from store.database.model import jsonb
from store.orders.models import database

LEASE_SECONDS = 30
"""How long a delivery stays with whoever took it: longer than an attempt may take."""

MOST_AT_ONCE = 8
"""Messages that one process sends to one endpoint at the same time."""

FAILURES_OF_THE_ABSENT = 5
"""So many failures in a row, and the endpoint itself is away: it is tried with one at a time."""


@dataclass(frozen=True)
class Endpoint:
    """Where messages go. Secrets are sealed; the previous one signs, too, as long as it is there."""

    id: UUID
    url: str
    sealed_secrets: tuple[bytes, ...]


@dataclass(frozen=True)
class Delivery:
    """An event that the holder of `lease` brings to an endpoint."""

    endpoint: Endpoint
    lease: UUID
    event_id: int
    order_id: UUID
    number: int
    attempts: int
    type: str
    data: dict[str, Any]
    created_at: datetime
