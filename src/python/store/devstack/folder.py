"""The folder of one store: its database, mails and secrets, held by one `up` at a time."""

import contextlib
import fcntl
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from store.devstack.errors import AlreadyUp, DiskFull, NotOurStore, StillStopping, writing_in
from store.devstack.postgres_home import PostgresHome

NEEDED_MB = 300
LEFTOVER_SECONDS = 40.0  # longer than any of our processes takes to stop


class Folder:
    """`hold()` it before anything else; whoever is started with `lock` inherited holds it as well."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.database = PostgresHome(self.path)
        self.mails = self.path / "mail"
        self.secrets = self.path / "secrets.json"
        self.addresses = self.path / "addresses.json"
        self.replays = self.path / "replays"
        self.prometheus = self.path / "prometheus"
        self.grafana = self.path / "grafana"
        self.logs = self.path / "logs"
        self._lock_file = self.path / "lock"
        self._demo = self.path / "demo-is-loaded"
        self.lock = -1

    def hold(self) -> None:
        """Make the folder if need be and hold it, or say why that cannot be."""
        with writing_in(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self.lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        self._wait_for_lock()
        left = shutil.disk_usage(self.path).free // 1_000_000
        if left < NEEDED_MB:
            raise DiskFull(self.path, left, NEEDED_MB)
        with writing_in(self.path):
            os.truncate(self.lock, 0)
            os.pwrite(self.lock, str(os.getpid()).encode(), 0)
            self.mails.mkdir(mode=0o700, exist_ok=True)

    def clear(self) -> None:
        """Forget everything but the lock: `--fresh`."""
        self.database.clear()
        for found in (self.mails, self.logs, self.replays, self.prometheus, self.grafana):
            shutil.rmtree(found, ignore_errors=True)
        for file in (self.secrets, self.addresses, self._demo):
            file.unlink(missing_ok=True)
        self.mails.mkdir(mode=0o700, exist_ok=True)

    @property
    def is_held(self) -> bool:
        """Whether an `up`, or what is left of one, runs this store; NotOurStore if we may not know."""
        try:
            lock = os.open(self._lock_file, os.O_RDONLY)
        except FileNotFoundError:
            return False
        except PermissionError:
            raise NotOurStore(self.path) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    @property
    def holder(self) -> int | None:
        """The number of the `up` that runs this store; None if none does.

        That one has the lock file open, whatever other process has got its number since.
        """
        with contextlib.suppress(FileNotFoundError, ValueError, PermissionError):
            if self.is_held:
                pid = int(self._lock_file.read_text())
                opened = Path(f"/proc/{pid}/fd").iterdir()
                if any(_is_same(file, self._lock_file) for file in opened):
                    return pid
        return None

    @property
    def held_since(self) -> datetime:
        """When the `up` began that runs this store, or ran it last."""
        return datetime.fromtimestamp(self._lock_file.stat().st_mtime, UTC)

    @property
    def has_demo(self) -> bool:
        """Whether the demo log-ins and the demo catalogue have been made."""
        return self._demo.exists()

    def note_demo(self) -> None:
        with writing_in(self.path):
            self._demo.touch()

    def release(self) -> None:
        """Somebody else may hold it, once our children have gone too."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1

    def _wait_for_lock(self) -> None:
        # An `up` that was killed leaves children behind, who hold the lock until they have ended.
        give_up = time.monotonic() + LEFTOVER_SECONDS
        while not self._try_lock():
            owner = int(os.pread(self.lock, 20, 0) or 0)
            if _lives(owner):
                self.release()
                raise AlreadyUp(self.path, owner)
            if time.monotonic() > give_up:
                self.release()
                raise StillStopping(self.path)
            time.sleep(0.1)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # closed meanwhile
        return False


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
