"""The program `postgres` in processes of its own, for tests."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGINT
from typing import Any
from urllib.parse import quote

import psycopg2

from store.database.unprivileged import unprivileged
from store.postgres import main as program

SOURCE = f"from {program.__name__} import main; main()"
TIMEOUT_SECONDS = 60
PASSWORDS = {
    "OWNER_PASSWORD": "of the owner",
    "ADMIN_PASSWORD": "of the admin",
    "AUDIT_PASSWORD": "of the audit",
}
ROLES = {"orders": "OWNER_PASSWORD", "postgres": "ADMIN_PASSWORD", "audit": "AUDIT_PASSWORD"}


class Container:
    """A volume, and `postgres serve` on it: as a container runs it, but for the walls."""

    def __init__(self, volume: Path) -> None:
        self.volume, self.data = volume, volume / "postgres"
        self.environ: dict[str, str] = {
            **PASSWORDS,
            "DATABASE": "orders",
            "PGDATA": str(self.data),
            "PGPORT": str(_free_port()),
            "SHARED_BUFFERS": "16MB",
            "MAX_CONNECTIONS": "20",
        }
        self._log = volume.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has said since it was started last."""
        return self._log.read_text()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def begin(self) -> None:
        """Start it; it may not be ready yet."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", SOURCE, "serve"],
                env=_environ(self.environ),
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start it and return when it takes connections."""
        self.begin()
        give_up = time.monotonic() + TIMEOUT_SECONDS
        while not self.takes_connections():
            assert self._process is not None
            assert self._process.poll() is None, self.log
            assert time.monotonic() < give_up, self.log
            time.sleep(0.02)

    def takes_connections(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def end(self, number: int = SIGINT) -> int:
        """Its exit code after this signal."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(TIMEOUT_SECONDS)

    def fails(self) -> str:
        """Its last line, when it does not start."""
        self.begin()
        assert self._process is not None
        assert self._process.wait(TIMEOUT_SECONDS) != 0, self.log
        return self.log.splitlines()[-1]

    def connect(self, role: str = "orders", database: str = "orders", password: str = "") -> Any:
        return psycopg2.connect(self.url(role, database, password))

    def url(
        self, role: str = "orders", database: str = "orders", password: str = "", port: int = 0
    ) -> str:
        """Where it is over TCP; `port` is another one that leads to it."""
        quoted = quote(password or self.environ[ROLES[role]], safe="")
        return f"postgresql://{role}:{quoted}@127.0.0.1:{port or self.environ['PGPORT']}/{database}"

    def socket_url(self, role: str, password: str) -> str:
        """Where it is on this machine."""
        port = self.environ["PGPORT"]
        return f"postgresql://{role}:{password}@/orders?host=/tmp&port={port}"

    def ask(self, sql: str, role: str = "orders", database: str = "orders") -> list[Any]:
        """The first column of a statement's rows."""
        connection = self.connect(role, database)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return [row[0] for row in cursor] if cursor.description else []
        finally:
            connection.close()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(SIGINT)
            self._process.wait(TIMEOUT_SECONDS)


@contextmanager
def container() -> Iterator[Container]:
    """One with an empty volume, that PostgreSQL's user may write to as a pod's may."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o755)
    volume = folder / "volume"
    volume.mkdir()
    (volume / "lost+found").mkdir(mode=0o700)
    if who := unprivileged():
        shutil.chown(volume, who["user"], who["group"])
    made = Container(volume)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def _free_port() -> int:
    """A port of which clients' own connections cannot take hold before we do."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as attempt, suppress(OSError):
            attempt.bind(("", port))
            return port


def run_command(environ: Mapping[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    """A command of the program, run to its end."""
    return subprocess.run(
        [sys.executable, "-c", SOURCE, *command],
        env=_environ(environ),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


def _environ(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}
