"""Ordered misbehaviour: the table `faults`.

Faults live in the database and are used up there, so that `times: 1` is exactly one request
whatever the number of replicas.
"""

from dataclasses import dataclass
from typing import Any

from store.gateway.models.tables import database

_COLUMNS = "id, kind, path, times, times_left, seconds"
_USE_UP = """
UPDATE faults SET times_left = times_left - 1
WHERE times_left > 0 AND %s LIKE pattern RETURNING kind, seconds
"""
_INSERT = f"""
INSERT INTO faults (kind, path, pattern, times, times_left, seconds)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}
"""


@dataclass(frozen=True)
class NewFault:
    """What to do wrong, where (a glob over `METHOD /path`), how often, and for how long."""

    kind: str
    path: str
    times: int
    seconds: float


def insert_fault(new: NewFault) -> dict[str, Any]:
    """Keep a fault until requests have used it up."""
    pattern = new.path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = pattern.replace("*", "%").replace("?", "_")
    params = (new.kind, new.path, pattern, new.times, new.times, new.seconds)
    return database.row(_INSERT, params) or {}


def all_faults() -> list[dict[str, Any]]:
    """Every fault that was ordered, used up or not."""
    return database.rows(f"SELECT {_COLUMNS} FROM faults ORDER BY id")


def delete_faults() -> int:
    """Behave again; how many were deleted."""
    return database.run("DELETE FROM faults")


def use_up_faults(request: str) -> list[dict[str, Any]]:
    """Use up, once, every fault that waits for this request (`METHOD /path`): kinds and seconds."""
    return database.rows(_USE_UP, (request,))
