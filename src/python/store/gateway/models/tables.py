"""The database of the gateway, and the writes of one request."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from store.database.database import Database

MIGRATIONS = Path(__file__).parent.parent / "migrations"

database = Database(MIGRATIONS)


class Batch:
    """Statements gathered during one request, and sent to PostgreSQL in one round trip."""

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


def insert_into(table: str, columns: Sequence[str]) -> str:
    """The statement that inserts one row; its parameters are the values of these columns."""
    values = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"


def as_json(value: Any) -> str | None:
    """A value for a json column; None is SQL's NULL."""
    return None if value is None else orjson.dumps(value).decode()
