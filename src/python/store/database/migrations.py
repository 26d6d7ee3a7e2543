"""Bring a database up to date with the numbered files of a folder, then with its functions.

    # migrations/0002_add_colour.py
    def up(migrator, db):
        db.execute_sql("ALTER TABLE products ADD COLUMN colour text")

Each file runs in a transaction of its own together with the note that it has run. The functions that
have changed (store/database/functions.py) follow, all in one transaction. Two processes may migrate
at once: one works, the other waits and finds nothing to do.
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path

from playhouse.migrations import Runner

from store.database import history
from store.database.availability import wait_for_database
from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import DatabaseDown, DatabaseSlow, primary_message
from store.database.functions import CREATE_TABLE, TABLE, changed
from store.server.environ import Environ
from store.server.errors import Unavailable
from store.server.process.commands import CommandFailed

logger = logging.getLogger(__name__)

LOCK = 7_305_804_402_561_920_868  # any number, as long as nobody else locks it in this database
WAIT_FOR_ANOTHER = "10min"  # for the other process that migrates
WAIT_FOR_A_TABLE = "5s"  # a waiting ALTER TABLE makes every later query on the table wait, too


class MigrationFailed(CommandFailed):
    """A migration could not be applied; it has left nothing behind, those before it stay."""


def migrate_from(
    env: Environ, database: Database, directory: Path, functions: Path | None = None
) -> None:
    """Migrate the database that the environment names: a service's whole `migrate` command.

    DATABASE_WAIT_SECONDS is how long to wait for a database that cannot be reached yet.
    """
    config = DatabaseConfig.from_environ(env)
    wait_seconds = env.whole("DATABASE_WAIT_SECONDS", default=0)
    env.check()
    database.open(config)
    try:
        wait_for_database(database, wait_seconds)
        migrate(database, directory, functions)
    except Unavailable as error:
        raise MigrationFailed(f"{error} Run it again: what was applied is noted.") from error
    finally:
        database.shut()


def migrate(database: Database, directory: Path, functions: Path | None = None) -> list[str]:
    """Apply what is pending, in order; the names of what was applied. Logs one line for each.

    `functions` is the folder that they are in, where a service has some.
    """
    with database.reading(), _alone(database):
        runner = Runner(database, str(directory), table_name=history.TABLE)
        names = pending(database, directory)
        for name in names:
            _apply(runner, name)
        return names + _apply_functions(database, functions) if functions else names


def pending(database: Database, directory: Path) -> list[str]:
    """The names of the migrations that have not been applied, oldest first."""
    return history.missing(database.rows, directory)


@contextlib.contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold the lock of all migrations on this connection, and lift the limits made for requests."""
    try:
        database.run("SET statement_timeout = 0")
        database.run(f"SET lock_timeout = '{WAIT_FOR_ANOTHER}'")
        _lock(database)
        database.run(f"SET lock_timeout = '{WAIT_FOR_A_TABLE}'")
        yield
    finally:
        with contextlib.suppress(DatabaseDown):
            database.run("DISCARD ALL")  # the lock and the settings


def _lock(database: Database) -> None:
    try:
        database.run("SELECT pg_advisory_lock(%s)", (LOCK,))
    except DatabaseSlow as error:
        raise MigrationFailed(
            f"Another process has been migrating this database for {WAIT_FOR_ANOTHER}: "
            "its log says why. Nothing was changed; run it again."
        ) from error


def _apply(runner: Runner, name: str) -> None:
    begun = time.perf_counter()
    with _blaming(name):
        runner.up(target=name)
    logger.info("applied migration %s in %.2f s", name, time.perf_counter() - begun)


def _apply_functions(database: Database, directory: Path) -> list[str]:
    begun = time.perf_counter()
    functions = changed(database.rows, directory)
    if not functions:
        return []
    with _blaming("of functions"), database.transaction():
        database.run(CREATE_TABLE)
        # They call each other, in any order: PostgreSQL looks into them once all are there.
        for checked in ("off", "on"):
            database.run(f"SET LOCAL check_function_bodies = {checked}")
            for each in functions:
                with _blaming(each.name):
                    database.execute_sql(each.text)
        for each in functions:
            database.run(
                f"INSERT INTO {TABLE} (name, checksum) VALUES (%s, %s)", (each.name, each.checksum)
            )
    names = [each.name for each in functions]
    seconds = time.perf_counter() - begun
    logger.info("applied functions %s in %.2f s", ", ".join(names), seconds)
    return names


@contextlib.contextmanager
def _blaming(name: str) -> Iterator[None]:
    try:
        yield
    except MigrationFailed:
        raise
    except DatabaseSlow as error:
        raise MigrationFailed(
            f"Migration {name} waited {WAIT_FOR_A_TABLE} for a lock in vain: "
            "something long is running in the database. Nothing was changed; run it again."
        ) from error
    except Unavailable as error:
        raise MigrationFailed(f"Migration {name} was broken off: {error} Run it again.") from error
    except Exception as error:  # whatever a migration does wrong, ops get one line of it
        raise MigrationFailed(
            f"Migration {name} failed and left nothing behind: {primary_message(error)}"
        ) from error
