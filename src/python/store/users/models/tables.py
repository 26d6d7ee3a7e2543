"""The database of this service, and where its migrations lie."""

from pathlib import Path
from typing import Any

from store.database.database import Database
from store.database.model import At, Table
from store.database.versioned import Versioned
from store.server.clock import now

MIGRATIONS = Path(__file__).parent.parent / "migrations"

database = Database(MIGRATIONS)


class UsersTable(Table):
    """A table of this service."""

    class Meta:
        database = database


class VersionedTable(Versioned):
    """One whose rows are guarded by If-Match, and know when they were changed last."""

    created_at = At()
    updated_at = At()

    class Meta:
        database = database

    def change(self, **fields: Any) -> None:
        """Write these columns as the next version; the row must be locked."""
        super().change(**fields, updated_at=now())
