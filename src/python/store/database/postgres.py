"""A real PostgreSQL of our own, from a wheel: for laptops (durable) and for tests (fast).

It listens on a Unix socket only. Every role has a password of its own, derived from a secret in the
server's folder, so that no role can enter another's database although all share one machine.

    server = Server(Path("data/postgres"), durable=True)
    server.start()
    server.create_role("orders")
    server.create_database("orders", owner="orders")
    config = DatabaseConfig(url=server.url("orders", "orders"))
    ...
    server.stop()
"""

import time
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from store.database.binaries import PostgresFailed
from store.database.child_process import ChildProcess
from store.database.folder import SUPERUSER, Folder, reason_in
from store.database.unprivileged import unprivileged

__all__ = ["PostgresFailed", "Server"]

START_SECONDS = 120.0  # recovery after a crash may take a while
STOP_SECONDS = 60.0
RETRY_SECONDS = 0.2
STILL_IN_USE = "pre-existing shared memory block"

COMMON = {
    "listen_addresses": "",
    "max_connections": "200",
    # The passwords are random 256-bit keys: stretching them would only slow every log-in down.
    "scram_iterations": "1",
    "jit": "off",
    # What fails is logged without the values that it was about: they may be anybody's secrets.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_timezone": "UTC",
}
DURABLE = {"shared_buffers": "128MB", "wal_compression": "on"}
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
}


class Server:
    """One PostgreSQL in the folder `home`, which this process owns while it runs.

    durable=True keeps every commit over a power cut (fsync) and the data over restarts.
    durable=False is for tests: nothing survives, everything is faster.
    It ends with this process, even if that is killed.
    """

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.durable = durable
        self._folder = Folder(home)
        self._process: ChildProcess | None = None

    @property
    def home(self) -> Path:
        """The folder it lives in."""
        return self._folder.home

    @property
    def log(self) -> Path:
        """The file with what it has said since it was started last."""
        return self._folder.log

    @property
    def pid(self) -> int | None:
        """The number of its first process, the parent of all others; None while it is not up."""
        return self._process.pid if self._process is not None and self._process.running else None

    @property
    def running(self) -> bool:
        """Whether PostgreSQL is up, as far as the process table knows."""
        return self.pid is not None

    def start(self) -> None:
        """Start it and return when it takes connections; PostgresFailed says what is in the way."""
        if self.running:
            return
        self.stop()  # it may have ended by itself
        try:
            self._folder.prepare(durable=self.durable)
            self._launch()
            # PostgreSQL's default lets every role connect everywhere.
            self.execute(f"REVOKE ALL ON DATABASE {SUPERUSER}, template1 FROM PUBLIC")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; whoever is connected loses the connection. Stopping twice is fine."""
        self._end()
        self._folder.release()

    def create_role(self, name: str) -> None:
        """A role that may log in and nothing more; a role that is there already stays."""
        if not self.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)):
            create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            password = sql.Literal(self._folder.password(name))
            self.execute(create.format(sql.Identifier(name), password))

    def create_database(self, name: str, owner: str) -> None:
        """A database that only its owner may enter; one that is there already stays."""
        database = sql.Identifier(name)
        if not self.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)):
            create = sql.SQL("CREATE DATABASE {} OWNER {}")
            self.execute(create.format(database, sql.Identifier(owner)))
        self.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """The address of a database for a role, with its password: keep it out of logs."""
        password, home = self._folder.password(role), quote(str(self.home))  # a blank is never "+"
        return f"postgresql://{quote(role)}:{password}@/{quote(database)}?host={home}"

    def execute(
        self,
        statement: str | sql.Composable,
        params: tuple[object, ...] = (),
        database: str = SUPERUSER,
    ) -> list[tuple[object, ...]]:
        """Run one statement as the superuser; its rows, if it has any."""
        connection = psycopg2.connect(self.url(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, params or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _launch(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while not self._is_ready_before(give_up):
            said = self._folder.log.read_text()
            # A first process that was killed leaves others, which end after their statement in hand.
            if STILL_IN_USE not in said or time.monotonic() > give_up:
                raise PostgresFailed(f"PostgreSQL did not start: {reason_in(said)}")
            time.sleep(RETRY_SECONDS)

    def _is_ready_before(self, give_up: float) -> bool:
        """Start it: true when it takes connections, false when it has ended instead."""
        with self._folder.log.open("wb") as log:
            # INT lets nobody finish but writes everything down; QUIT does not even do that.
            signal = "INT" if self.durable else "QUIT"
            self._process = ChildProcess(
                self._command(), signal=signal, log=log, who=unprivileged()
            )
        while self._process.running:
            if self._folder.says_ready():
                return True
            if time.monotonic() > give_up:
                raise PostgresFailed(
                    f"PostgreSQL is not ready in {START_SECONDS:.0f} s; see {self._folder.log}."
                )
            time.sleep(0.01)
        self._end()
        return False

    def _end(self) -> None:
        if self._process is not None:
            self._process.end(STOP_SECONDS)
            self._process = None

    def _command(self) -> list[str]:
        settings = {**COMMON, **(DURABLE if self.durable else FLEETING)}
        settings["unix_socket_directories"] = str(self.home)
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [self._folder.program("postgres"), "-D", str(self._folder.data), *options]
