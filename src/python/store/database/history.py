"""Which migrations a database knows, compared with those the code brings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from store.server.errors import Unavailable

TABLE = "schema_migration"  # playhouse.migrations' own table


class MigrationsPending(Unavailable):
    """The database is older than the code."""

    code = "migrations_pending"

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"The database lacks migrations: {', '.join(names)}. Run `migrate` first.",
            retry_after=5.0,
            missing=names,
        )


def missing(rows: Callable[[str], list[dict[str, Any]]], directory: Path) -> list[str]:
    """The names of the migrations that have not been applied, oldest first.

    Those that only the database knows do not matter: it may be ahead, while a new version is
    rolled out or after it has been rolled back (expand and contract).
    """
    known = set()
    if rows(f"SELECT to_regclass('{TABLE}') AS found")[0]["found"]:
        known = {row["name"] for row in rows(f"SELECT name FROM {TABLE}")}
    return [name for name in _names_in(directory) if name not in known]


def _names_in(directory: Path) -> list[str]:
    names = sorted(path.stem for path in directory.glob("[0-9]*.py"))
    if not names:
        raise FileNotFoundError(f"There is no migration in {directory}.")
    return names
