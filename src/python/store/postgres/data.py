"""The data folder on the volume: whole or not there at all, and only one PostgreSQL's at a time."""

import fcntl
import os
import shutil
import sys
import time
from pathlib import Path

from store.postgres.access import RULES
from store.postgres.config import SUPERUSER
from store.postgres.disk import reason, sync, write_whole
from store.postgres.errors import CannotServe
from store.postgres.programs import ProgramFailed, Programs

WAIT_FOR_ANOTHER_SECONDS = 30.0
RETRY_SECONDS = 0.1
OWNER_ONLY = 0o700


class DataFolder:
    """The folder `path`, with its lock beside it and, while it is being made, its unfinished copy."""

    def __init__(self, path: Path, programs: Programs, version: str) -> None:
        """`version` is that of the programs."""
        self.path = path
        self._programs = programs
        self._major = version.split(".")[0]
        self._unfinished = path.with_name(f"{path.name}.new")

    def prepare(self) -> None:
        """Make what is missing and repair what others changed; CannotServe says what is in the way.

        From now on until the last process that we start has ended, the folder is ours.
        """
        try:
            self._lock()
            self._make_if_missing()
            self._check_version()
            # Kubernetes opens a volume's folders to the pod's group at every mount (fsGroup), and
            # PostgreSQL refuses a folder that others may enter.
            self.path.chmod(OWNER_ONLY)
            write_whole(self.path / "pg_hba.conf", RULES)
            # Whoever wrote it is gone, for we have the lock. PostgreSQL itself could not tell: in
            # a container a new process often has the number of an old one.
            (self.path / "postmaster.pid").unlink(missing_ok=True)
        except OSError as error:
            raise CannotServe(f"{self.path} cannot be used: {reason(error)}") from error

    def _lock(self) -> None:
        """Keep out a PostgreSQL of another container that has the same volume."""
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        os.set_inheritable(lock, True)
        if _locked(lock):
            return
        print(f"Waiting for another PostgreSQL to leave {self.path}.", file=sys.stderr, flush=True)
        give_up = time.monotonic() + WAIT_FOR_ANOTHER_SECONDS
        while not _locked(lock):
            if time.monotonic() > give_up:
                raise CannotServe(f"Another PostgreSQL is running on {self.path}.")
            time.sleep(RETRY_SECONDS)

    def _make_if_missing(self) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)  # somebody was killed at it
        if self.path.exists() and any(self.path.iterdir()):
            return
        try:
            self._programs.run(
                *("initdb", "-D", self._unfinished, "-U", SUPERUSER, "--auth=reject"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
                # A node may have huge pages that this pod may not touch.
                *("--set", "huge_pages=off"),
            )
        except ProgramFailed as failure:
            raise CannotServe(f"{self.path} cannot be made: {failure}") from failure
        self._unfinished.rename(self.path)
        sync(self.path.parent)

    def _check_version(self) -> None:
        note = self.path / "PG_VERSION"
        if not note.exists():
            raise CannotServe(f"{self.path} is not empty, and no data folder of PostgreSQL either.")
        if (made_by := note.read_text().strip()) != self._major:
            raise CannotServe(
                f"{self.path} was made by PostgreSQL {made_by}, but this is {self._major}: "
                "dump it with the old version and restore the dump into an empty volume."
            )


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
