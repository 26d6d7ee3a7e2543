"""PostgreSQL's own programs, run to their end."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from store.database.folder import reason_in


class ProgramFailed(Exception):
    """A program left with an error; the message is what it complained about, in one line."""


class Programs:
    """The programs in the folder `binaries`, as the user that this process is."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries

    def path(self, name: str) -> str:
        """Where the program lies."""
        return str(self._binaries / name)

    def run(
        self,
        name: str,
        *arguments: object,
        said: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> str:
        """What the program prints when it is told `said`; ProgramFailed if it fails.

        `environ` is added to ours. What must stay secret goes there or into `said`: everybody on the
        machine can read a command line.
        """
        done = subprocess.run(
            [self.path(name), *map(str, arguments)],
            input=said,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            env={**os.environ, **(environ or {})},
            # The lock of the data folder goes along: it is free when the last of us has ended.
            close_fds=False,
        )
        if done.returncode != 0:
            raise ProgramFailed(reason_in(done.stderr or done.stdout))
        return done.stdout
