"""The database of this service, and where its migrations lie."""

from pathlib import Path

from store.database.database import Database
from store.database.model import Table

MIGRATIONS = Path(__file__).parent.parent / "migrations"

database = Database(MIGRATIONS)


class UsersTable(Table):
    """A table of this service."""

    class Meta:
        database = database
