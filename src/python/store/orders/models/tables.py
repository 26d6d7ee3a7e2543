"""The database of this service, and where its migrations lie."""

from pathlib import Path

from store.database.database import Database

MIGRATIONS = Path(__file__).parent.parent / "migrations"

database = Database(MIGRATIONS)
