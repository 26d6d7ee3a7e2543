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

import contextlib
import fcntl
import hmac
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
from psycopg2 import sql

from store.database.binaries import PostgresFailed, binaries, unprivileged, version

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  # bytes; sockaddr_un has room for 108 with the final zero
START_SECONDS = 120.0  # recovery after a crash may take a while
STOP_SECONDS = 60.0
NOT_RUNNING = 3  # what `pg_ctl status` answers then

COMMON = {
    "listen_addresses": "",
    "max_connections": "200",
    # The passwords are random 256-bit keys: stretching them would only slow every log-in down.
    "scram_iterations": "1",
    "jit": "off",
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

# Ends PostgreSQL when our end of the pipe on stdin closes: at stop(), and also when this process
# is killed without a chance to say so. $1 is the signal, the rest is the command.
KEEPER = """
signal=$1; shift
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( read -r _ <&3; kill "-$signal" $server ) & watch=$!
wait $server; status=$?
kill $watch 2>/dev/null
exit $status
"""


class Server:
    """One PostgreSQL in the folder `home`, owned by this process while it runs.

    durable=True keeps every commit over a power cut (fsync) and the data over restarts.
    durable=False is for tests: nothing survives, everything is faster.
    """

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.home = home.absolute()
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.durable = durable
        self._bin = binaries()
        self._secret = ""
        self._lock: int | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether PostgreSQL is up, as far as the process table knows."""
        return self._keeper is not None and self._keeper.poll() is None

    def start(self) -> None:
        """Start it and return when it takes connections; PostgresFailed says what is in the way."""
        self._refuse_a_long_path()
        try:
            self._make_home()
            self._lock = self._locked()
            self._secret = self._read_secret()
            self._stop_a_leftover()
            if not self.data.exists():
                self._initialise()
            self._refuse_another_version()
            self._launch()
        except PostgresFailed:
            self.stop()
            raise
        except OSError as error:
            self.stop()
            raise PostgresFailed(f"PostgreSQL cannot use {self.home}: {error}") from error

    def stop(self) -> None:
        """Stop it; whoever is connected loses the connection. Stopping twice is fine."""
        if self._keeper is not None:
            with contextlib.suppress(BrokenPipeError):
                self._keeper.communicate(timeout=STOP_SECONDS)
            self._keeper = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def create_role(self, name: str) -> None:
        """A role that may log in and nothing more; a role that is there already stays."""
        self._create(
            "SELECT 1 FROM pg_roles WHERE rolname = %s",
            name,
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(self._password(name))
            ),
        )

    def create_database(self, name: str, owner: str) -> None:
        """A database that only its owner may enter; one that is there already stays."""
        self._create(
            "SELECT 1 FROM pg_database WHERE datname = %s",
            name,
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(owner)
            ),
        )
        self.close_to_public(name)

    def close_to_public(self, database: str) -> None:
        """Let nobody in but the owner: PostgreSQL's default lets every role connect everywhere."""
        self.execute(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
        )

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """The address of a database for a role, with its password: keep it out of logs."""
        place = urlencode({"host": str(self.home)})
        return f"postgresql://{quote(role)}:{self._password(role)}@/{quote(database)}?{place}"

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

    def _create(self, exists: str, name: str, create: sql.Composable) -> None:
        if not self.execute(exists, (name,)):
            self.execute(create)

    def _password(self, role: str) -> str:
        return hmac.digest(self._secret.encode(), role.encode(), "sha256").hex()

    def _refuse_a_long_path(self) -> None:
        socket = self.home / SOCKET_NAME
        size = len(os.fsencode(socket))
        if size > LONGEST_SOCKET_PATH:
            raise PostgresFailed(
                f"The path {socket} has {size} bytes, but a socket's path has at most "
                f"{LONGEST_SOCKET_PATH}: choose a folder with a shorter path."
            )

    def _make_home(self) -> None:
        if not self.home.exists():
            self.home.mkdir(parents=True)
            self.home.chmod(0o755 if os.geteuid() == 0 else 0o700)
            if os.geteuid() == 0:
                shutil.chown(self.home, "nobody", unprivileged()["group"])
        tried = subprocess.run(
            ["/usr/bin/test", "-w", self.home, "-a", "-x", self.home], cwd="/", **unprivileged()
        )
        if tried.returncode != 0:
            who = "nobody (it refuses root)" if os.geteuid() == 0 else "this user"
            raise PostgresFailed(
                f"PostgreSQL runs as {who}, who may not write in {self.home}: choose a folder "
                "that this user can reach, or change its permissions."
            )

    def _locked(self) -> int:
        lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise PostgresFailed(f"Another process runs PostgreSQL in {self.home}.") from None
        return lock

    def _read_secret(self) -> str:
        file = self.home / "secret"
        if not file.exists():
            new = self.home / "secret.new"
            new.touch(mode=0o600)
            new.write_text(secrets.token_hex(32))
            new.rename(file)
        return file.read_text()

    def _stop_a_leftover(self) -> None:
        """End a server whose owner was killed: we hold the lock, so nobody else can want it."""
        note = self.data / "postmaster.pid"
        if not note.exists():
            return
        if self._tool("pg_ctl", "status", "-D", self.data, fine=(0, NOT_RUNNING)) == 0:
            self._tool("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w")
        note.unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Make the data folder, whole or not at all."""
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        with self._password_file() as password:
            self._tool(
                "initdb", "-D", new, "-U", SUPERUSER, "--auth=scram-sha-256",
                f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
            )  # fmt: skip
        new.rename(self.data)

    @contextlib.contextmanager
    def _password_file(self) -> Iterator[Path]:
        file = self.home / "password"
        file.touch(mode=0o600)
        file.write_text(self._password(SUPERUSER))
        if os.geteuid() == 0:
            shutil.chown(file, "nobody")
        try:
            yield file
        finally:
            file.unlink()

    def _refuse_another_version(self) -> None:
        made_by, ours = (self.data / "PG_VERSION").read_text().strip(), version().split(".")[0]
        if made_by != ours:
            raise PostgresFailed(
                f"{self.data} was made by PostgreSQL {made_by}, but this is {ours}: "
                "move the folder away to start with an empty database."
            )

    def _tool(self, name: str, *arguments: object, fine: tuple[int, ...] = (0,)) -> int:
        done = subprocess.run(
            [str(part) for part in (self._bin / name, *arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
            **unprivileged(),
        )  # fmt: skip
        if done.returncode not in fine:
            raise PostgresFailed(f"PostgreSQL's {name} failed: {_why(done.stdout)}")
        return done.returncode

    def _launch(self) -> None:
        settings = {**COMMON, **(DURABLE if self.durable else FLEETING)}
        with self.log.open("wb") as log:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "sh", "INT" if self.durable else "QUIT", *self._command(settings)],
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, cwd="/",
                # Ctrl-C in a terminal goes to the whole group, and the services still need it then.
                start_new_session=True, **unprivileged(),
            )  # fmt: skip
        self._wait_until_ready()

    def _command(self, settings: Mapping[str, str]) -> list[str]:
        places = {"unix_socket_directories": str(self.home)}
        options = [f"--{name}={value}" for name, value in {**settings, **places}.items()]
        return [str(self._bin / "postgres"), "-D", str(self.data), *options]

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if not self.running:
                raise PostgresFailed(f"PostgreSQL did not start: {_why(self.log.read_text())}")
            if self._says_ready():
                return
            time.sleep(0.01)
        raise PostgresFailed(
            f"PostgreSQL is not ready after {START_SECONDS:.0f} s; see {self.log}."
        )

    def _says_ready(self) -> bool:
        # The last line of postmaster.pid is the server's state; pg_ctl waits for it in the same way.
        try:
            return (self.data / "postmaster.pid").read_text().rstrip().endswith("ready")
        except FileNotFoundError:
            return False


def _why(output: str) -> str:
    """What a person should read of the output: the complaint, or else its end."""
    if "No space left on device" in output:
        return "the disk is full."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    complaints = [line for line in lines if "FATAL" in line or "error:" in line]
    return " ".join((complaints or lines)[-3:]) or "it said nothing."
