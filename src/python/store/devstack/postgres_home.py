"""Where a store's PostgreSQL has its folder: in the store's own, if the user it runs as can get there."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from store.database.unprivileged import unprivileged
from store.devstack.errors import writing_in

OUTSIDE = Path("/var/lib/virtual-store")
"""For root alone, whose PostgreSQL runs as `nobody`: root's home is closed to that one."""


class PostgresHome:
    """The folder `postgres` of the folder of a store, or what it is a link to."""

    def __init__(self, store: Path) -> None:
        self._store, self._inside = store, store / "postgres"

    @property
    def path(self) -> Path:
        return self._inside.readlink() if self._inside.is_symlink() else self._inside

    def settle(self) -> Path:
        """The folder, where PostgreSQL can reach it from now on; the store's exists."""
        if not (self.path / "data").exists() and not _may_enter(self._store):
            self._move_out()
        return self.path

    def clear(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._inside.is_symlink():
            self._inside.unlink()

    def _move_out(self) -> None:
        outside = OUTSIDE / hashlib.sha256(os.fsencode(self._store)).hexdigest()[:16]
        with writing_in(OUTSIDE):
            OUTSIDE.mkdir(parents=True, exist_ok=True)
            OUTSIDE.chmod(0o755)  # whatever the umask
            # Of a store whose folder was removed by hand: no link leads there, and its secrets are gone.
            shutil.rmtree(outside, ignore_errors=True)
        with writing_in(self._store):
            self.clear()  # of a start that came to nothing
            self._inside.symlink_to(outside)


def _may_enter(folder: Path) -> bool:
    """Whether the user that PostgreSQL runs as may."""
    if os.geteuid() != 0:
        return True  # that is us
    # That user is asked: no arithmetic with modes knows of access control lists.
    test = ["/usr/bin/test", "-x", str(folder)]
    return subprocess.run(test, cwd="/", **unprivileged()).returncode == 0
