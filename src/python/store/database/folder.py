"""The folder a PostgreSQL lives in: its data, its secret, its socket, and the lock of its owner."""

import contextlib
import fcntl
import hmac
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from store.database.binaries import PostgresFailed, binaries, version
from store.database.unprivileged import unprivileged

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  # bytes; sockaddr_un has room for 108 with the final zero
NOT_RUNNING = 3  # what `pg_ctl status` answers then


class Folder:
    """Prepares `home`; every method raises PostgresFailed with what is in the way."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.data = self.home / "data"
        self.log = self.home / "log"
        self._bin = binaries()
        self._secret = ""
        self._lock: int | None = None

    def prepare(self, *, durable: bool) -> None:
        """Make what is missing, refuse what cannot work, and hold the lock until `release`."""
        self._refuse_a_bad_path()
        try:
            self._make_home()
            self._take_the_lock()
            self._secret = self._read_secret()
            self._stop_a_leftover()
            if not self.data.exists():
                self._initialise(durable=durable)
            self._refuse_another_version()
        except OSError as error:
            raise PostgresFailed(f"PostgreSQL cannot use {self.home}: {error}") from error

    def release(self) -> None:
        """Let others use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        return str(self._bin / name)

    def password(self, role: str) -> str:
        """The password of a role: derived from the folder's secret, so that nobody stores it."""
        return hmac.digest(self._secret.encode(), role.encode(), "sha256").hex()

    def says_ready(self) -> bool:
        """Whether the server takes connections; pg_ctl looks at the same line."""
        try:
            return (self.data / "postmaster.pid").read_text().rstrip().endswith("ready")
        except FileNotFoundError:
            return False

    def _refuse_a_bad_path(self) -> None:
        if "," in str(self.home):  # which separates sockets' folders, for servers and clients
            raise PostgresFailed(f"The path {self.home} has a comma: choose a folder without one.")
        socket = self.home / SOCKET_NAME
        size = len(os.fsencode(socket))
        if size > LONGEST_SOCKET_PATH:
            raise PostgresFailed(
                f"The path {socket} has {size} bytes, but a socket's path has at most "
                f"{LONGEST_SOCKET_PATH}: choose a folder with a shorter path."
            )

    def _make_home(self) -> None:
        root = os.geteuid() == 0
        if not self.home.exists():
            self.home.mkdir(parents=True)
            self.home.chmod(0o755 if root else 0o700)
            if root:
                shutil.chown(self.home, "nobody", unprivileged()["group"])
        if not _may_write(self.home):
            who = "nobody (it refuses root)" if root else "this user"
            raise PostgresFailed(
                f"PostgreSQL runs as {who}, who may not write in {self.home}: choose a folder "
                "that this user can reach, or change its permissions."
            )

    def _take_the_lock(self) -> None:
        lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise PostgresFailed(f"Another process runs PostgreSQL in {self.home}.") from None
        self._lock = lock

    def _read_secret(self) -> str:
        file = self.home / "secret"
        if not file.exists():
            new = self.home / "secret.new"
            new.touch(mode=0o600)
            new.write_text(secrets.token_hex(32))
            _sync(new)
            new.rename(file)
        return file.read_text()

    def _stop_a_leftover(self) -> None:
        """End a server whose owner was killed: we hold the lock, so nobody else can want it."""
        note = self.data / "postmaster.pid"
        if not note.exists():
            return
        if self._has_leftover():
            # It may have been ending by itself; then there is nothing to stop, which is 1.
            self.tool("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", fine=(0, 1))
            if self._has_leftover():
                raise PostgresFailed(f"An older PostgreSQL in {self.home} does not end.")
        note.unlink(missing_ok=True)

    def _has_leftover(self) -> bool:
        return self.tool("pg_ctl", "status", "-D", self.data, fine=(0, NOT_RUNNING)) == 0

    def _initialise(self, *, durable: bool) -> None:
        """Make the data folder, whole or not at all."""
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        with self._password_file() as password:
            self.tool(
                "initdb",
                *("-D", new, "-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password}"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
                *([] if durable else ["--no-sync"]),
            )
        new.rename(self.data)
        _sync(self.home)

    @contextlib.contextmanager
    def _password_file(self) -> Iterator[Path]:
        file = self.home / "password"
        file.touch(mode=0o600)
        try:
            file.write_text(self.password(SUPERUSER))
            if os.geteuid() == 0:
                shutil.chown(file, "nobody")
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

    def tool(self, name: str, *arguments: object, fine: tuple[int, ...] = (0,)) -> int:
        """Run one of PostgreSQL's programs to its end; its exit code, which must be a `fine` one."""
        done = subprocess.run(
            [self.program(name), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            **unprivileged(),
        )
        if done.returncode not in fine:
            raise PostgresFailed(f"PostgreSQL's {name} failed: {reason_in(done.stdout)}")
        return done.returncode


def reason_in(output: str) -> str:
    """What a person should read of the output: the complaint, or else its end."""
    if "No space left on device" in output:
        return "the disk is full."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    complaints = [line for line in lines if "FATAL" in line or "error:" in line]
    return " ".join((complaints or lines)[-3:]) or "it said nothing."


def _may_write(folder: Path) -> bool:
    """Whether the user that PostgreSQL runs as can reach the folder and write there."""
    if os.geteuid() != 0:
        return os.access(folder, os.W_OK | os.X_OK)
    test = ["/usr/bin/test", "-w", str(folder), "-a", "-x", str(folder)]
    return subprocess.run(test, cwd="/", **unprivileged()).returncode == 0


def _sync(path: Path) -> None:
    """Let a power cut not undo what was just written or renamed."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
