"""A real PostgreSQL for tests: one server per pytest process, a fresh database in milliseconds.

    # conftest.py
    from store.database.testing import own_copy, postgres  # noqa: F401

    database_config, database = own_copy("orders", models.database)

Tests that meet the server's own limits or restarts start a `Server` of their own.
"""

import contextlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeVar

import psycopg2
import pytest
from psycopg2 import sql

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.folder import SUPERUSER
from store.database.migrations import migrate
from store.database.postgres import Server

S = TypeVar("S", bound=Server)

ROOM_NEEDED = 2**30  # bytes; Docker gives /dev/shm 64 MB, which is too little for databases


class CrashingServer(Server):
    """A durable server whose processes can be killed all at once. It writes nothing in advance.

    So what a client did not wait for (`synchronous_commit = off`) is surely forgotten by a crash.
    """

    def __init__(self, home: Path) -> None:
        super().__init__(home, durable=True)

    def start(self) -> None:
        """Start it; nobody writes down commits but those who wait for them."""
        super().start()
        self.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        self.execute("SELECT pg_reload_conf()")

    def crash(self) -> None:
        """Kill all its processes, and start it again."""
        first = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        # The first one must not see its children die: it would start new ones.
        for process, number in [
            (first, signal.SIGSTOP),
            *((int(pid), signal.SIGKILL) for pid in children),
            (first, signal.SIGKILL),
        ]:
            os.kill(process, number)
        self.stop()
        self.start()


class FleetingServer(Server):
    """A server whose databases are copies of migrated templates."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, durable=False)
        self._templates: dict[tuple[str, Path, Path | None], str] = {}
        self._owners: dict[str, str] = {}
        self._numbers = count(1)

    def template(self, name: str, migrations: Path, functions: Path | None = None) -> str:
        """The name of a database with all of these applied; made once, owned by the role `name`."""
        key = (name, migrations, functions)
        if key not in self._templates:
            self._templates[key] = self._make_template(*key)
        return self._templates[key]

    @contextlib.contextmanager
    def fresh(self, template: str) -> Iterator[DatabaseConfig]:
        """A copy of a template for one test; whoever is still connected afterwards is thrown out."""
        copy, owner = f"{template}_{next(self._numbers)}", self._owners[template]
        self._run(
            "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER {}", copy, template, owner
        )
        try:
            yield DatabaseConfig(url=self.url(copy, owner))
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", copy)

    def stop(self) -> None:
        """Stop it; its databases are not worth keeping."""
        if (connection := vars(self).pop("_connection", None)) is not None:
            connection.close()
        super().stop()

    @cached_property
    def _connection(self) -> Any:
        # One for all tests: connecting takes as long as copying.
        connection = psycopg2.connect(self.url(SUPERUSER))
        connection.autocommit = True
        return connection

    def _run(self, command: str, *names: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql.SQL(command).format(*map(sql.Identifier, names)))

    def _make_template(self, name: str, migrations: Path, functions: Path | None) -> str:
        template = f"{name}_template_{len(self._templates)}"
        self._owners[template] = name
        self.create_role(name)
        self.create_database(template, owner=name)
        database = Database()
        database.open(DatabaseConfig(url=self.url(template, name)))
        try:
            migrate(database, migrations, functions)
        finally:
            database.shut()
        return template


def checked_lengths(database: Database) -> dict[str, int]:
    """The most characters that a CHECK allows, by table.column."""
    found = _checked(database, r"\blength\((\w+)\) <= (\d+)")
    return {column: int(most) for column, most in found.items()}


def checked_patterns(database: Database) -> dict[str, str]:
    """The regular expression that a CHECK asks for, by table.column."""
    return _checked(database, r"\((\w+) ~ '([^']*)'::text\)")


def _checked(database: Database, form: str) -> dict[str, str]:
    rows = database.rows(
        """SELECT conrelid::regclass::text AS name, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
            AND conrelid <> 0"""
    )
    return {
        f"{row['name']}.{column}": bound
        for row in rows
        for column, bound in re.findall(form, row["definition"])
    }


@pytest.fixture(scope="session")
def postgres() -> Iterator[FleetingServer]:
    """A PostgreSQL of this test process's own; parallel processes do not meet."""
    with _started(FleetingServer, _roomy_memory()) as server:
        yield server


def own_copy(
    name: str,
    database: Database,
    *,
    scope: Literal["function", "module"] = "function",
    autouse: bool = False,
) -> tuple[Any, Any]:
    """Two fixtures for a service's conftest: where each test's own copy of its database is, which must
    be called `database_config` there, and the service's database, opened on that copy.

    With the scope "module" the tests of a module share one copy.
    """

    @pytest.fixture(scope=scope)
    def database_config(postgres: FleetingServer) -> Iterator[DatabaseConfig]:
        """A copy of the migrated database."""
        if database.migrations is None:
            raise AssertionError(f"{name} has no migrations to copy")
        template = postgres.template(name, database.migrations, database.functions)
        with postgres.fresh(template) as config:
            yield config

    @pytest.fixture(scope=scope, autouse=autouse)
    def opened(database_config: DatabaseConfig) -> Iterator[Database]:
        """The service's database, opened on that copy."""
        database.open(database_config)
        yield database
        database.shut()

    return database_config, opened


@pytest.fixture(scope="module")
def crashing() -> Iterator[CrashingServer]:
    """A durable PostgreSQL that this module's tests may crash."""
    with _started(CrashingServer) as server:
        yield server


@contextlib.contextmanager
def _started(kind: Callable[[Path], S], parent: str | None = None) -> Iterator[S]:
    home = Path(tempfile.mkdtemp(prefix="pg-", dir=parent))
    home.rmdir()  # the server makes it anew, for the user it runs as
    server = kind(home)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _roomy_memory() -> str | None:
    """A folder in memory if the machine has one with room, else the usual temporary folder."""
    memory = "/dev/shm"  # noqa: S108
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_NEEDED:
        return memory
    return None
