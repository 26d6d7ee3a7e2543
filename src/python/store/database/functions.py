"""Functions that live in PostgreSQL: a `.sql` file each, applied again whenever its text changes.

They come after the numbered migrations. What a file keeps to, since the version before and the one
after call the function, too:

- It says CREATE OR REPLACE FUNCTION: nobody waits for it, and a call under way ends as it began.
- Name, arguments and result stay; an answer in JSON may gain members, and who reads it takes those it knows.
  A rollback may leave the newer function or bring the older one back, so each version can live with its neighbours'. A new signature is a new file; a function that has no file any
  more is dropped by a numbered migration, once no version that still runs calls it.
- A trigger names its function when it is made, so the numbered migration that makes the trigger
  makes a first version of the function, too.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = "schema_function"

# A row for each time that a file was applied.
CREATE_TABLE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""

Rows = Callable[[str], list[dict[str, Any]]]


@dataclass(frozen=True)
class SqlFunction:
    """A file with the function that it creates or replaces."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def unapplied(rows: Rows, directory: Path) -> list[str]:
    """The files whose text this database has never had applied.

    One that it had, and that another version has replaced since, does not matter: the database may be
    ahead, while a new version is rolled out or after it has been rolled back.
    """
    known = {(row["name"], row["checksum"]) for row in _applied(rows)}
    functions = _functions_in(directory)
    return [each.name for each in functions if (each.name, each.checksum) not in known]


def changed(rows: Rows, directory: Path) -> list[SqlFunction]:
    """The functions whose text is not the one that was applied last."""
    last = {row["name"]: row["checksum"] for row in _applied(rows)}
    return [each for each in _functions_in(directory) if last.get(each.name) != each.checksum]


def _applied(rows: Rows) -> list[dict[str, Any]]:
    if not rows(f"SELECT to_regclass('{TABLE}') AS found")[0]["found"]:
        return []
    return rows(f"SELECT name, checksum FROM {TABLE} ORDER BY id")


def _functions_in(directory: Path) -> list[SqlFunction]:
    files = sorted(directory.glob("*.sql"))
    if not files:
        raise FileNotFoundError(f"There is no function in {directory}.")
    return [SqlFunction(file.name, file.read_text("utf-8")) for file in files]
