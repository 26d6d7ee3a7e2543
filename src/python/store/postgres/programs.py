"""PostgreSQL's own programs, run to their end."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from store.database.binaries import PostgresFailed, binaries
from store.postgres.errors import Failed

_COMPLAINT = re.compile(r"(?:error|ERROR|FATAL|PANIC): +(.+)")


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
        """What the program prints when it reads `said`; ProgramFailed if it fails.

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
            raise ProgramFailed(complaint_in(done.stderr or done.stdout))
        return done.stdout


def installed() -> Programs:
    """The programs of this installation, where this user may run them."""
    try:
        return Programs(binaries())
    except PostgresFailed as failure:
        raise Failed(str(failure)) from failure


def complaint_in(said: str) -> str:
    """What a person should read of all that a program has said: the last thing it complained of."""
    if "No space left on device" in said:
        return "the disk is full"
    lines = [line for line in said.splitlines() if line.strip()]
    complaints = [match[1] for line in lines if (match := _COMPLAINT.search(line))]
    return " ".join((complaints or lines or ["it said nothing"])[-1].split())
