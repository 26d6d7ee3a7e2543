"""The database of inventory; opened by `serve`, `rpc`, and the tests."""

from pathlib import Path

from store.database.database import Database

MIGRATIONS = Path(__file__).parent.parent / "migrations"
FUNCTIONS = Path(__file__).parent / "sql"

database = Database(MIGRATIONS, FUNCTIONS)
