"""Misbehaviour on request: what a test orders, and what one call gets of it.

Faults live in the database and are used up there, so that `times: 1` is exactly one call whatever
the number of replicas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from store.gateway.fault_schemas import NewFault
from store.gateway.models import database

_COLUMNS = "id, kind, path, times, times_left, seconds"
_TAKE = """
UPDATE faults SET times_left = times_left - 1
WHERE times_left > 0 AND %s LIKE pattern RETURNING kind, seconds
"""
_ORDER = f"""
INSERT INTO faults (kind, path, pattern, times, times_left, seconds)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}
"""


@dataclass(frozen=True)
class Mischief:
    """What one call is to suffer."""

    kinds: frozenset[str] = frozenset()
    delay_seconds: float = 0.0
    webhook_seconds: float = 0.0

    @property
    def webhook_twice(self) -> bool:
        """Whether its events are sent twice."""
        return "webhook_twice" in self.kinds

    def webhook_wait(self, place: int, count: int) -> float:
        """Seconds that the event at `place` among `count` is held back."""
        if "webhook_out_of_order" in self.kinds:
            # Turned round within the call; a lone event lets the next call's overtake it.
            return self.webhook_seconds * (count - 1 - place if count > 1 else 1)
        return self.webhook_seconds


NO_MISCHIEF = Mischief()


def order_fault(wanted: NewFault) -> dict[str, Any]:
    """Keep a fault until calls have used it up."""
    pattern = wanted.path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = pattern.replace("*", "%").replace("?", "_")
    params = (wanted.kind, wanted.path, pattern, wanted.times, wanted.times, wanted.seconds)
    return database.row(_ORDER, params) or {}


def faults() -> list[dict[str, Any]]:
    """Every fault that was ordered, used up or not."""
    return database.rows(f"SELECT {_COLUMNS} FROM faults ORDER BY id")


def forget_faults() -> int:
    """Behave again; how many were forgotten."""
    return database.run("DELETE FROM faults")


def take_mischief(call: str) -> Mischief:
    """Use up, once, every fault that waits for this call (`METHOD /path`)."""
    taken = database.rows(_TAKE, (call,))
    return _mischief(taken) if taken else NO_MISCHIEF


def _mischief(taken: Sequence[dict[str, Any]]) -> Mischief:
    held = ("webhook_delay", "webhook_out_of_order")
    webhooks = [row["seconds"] for row in taken if row["kind"] in held]
    delays = [row["seconds"] for row in taken if row["kind"] == "delay"]
    kinds = frozenset(row["kind"] for row in taken)
    return Mischief(kinds, sum(delays), max(webhooks, default=0.0))
