"""PostgreSQL's own programs, run to their end."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from store.database.binaries import PostgresFailed, binaries
from store.server.process.commands import CommandFailed

_ERROR = re.compile(r"(?:error|ERROR|FATAL|PANIC): +(.+)")


class ProgramFailed(Exception):
    """A program ended with an error; the message is that error, in one line."""


class Programs:
    """The programs in the folder `binaries`, as the user that this process is."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries

    def path(self, name: str) -> str:
        return str(self._binaries / name)

    def run(
        self,
        name: str,
        *arguments: object,
        stdin: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> str:
        """What the program prints when it reads `stdin`; ProgramFailed if it fails.

        `environ` is added to ours. What must stay secret goes there or into `stdin`: everybody on the
        machine can read a command line.
        """
        done = subprocess.run(
            [self.path(name), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            env={**os.environ, **(environ or {})},
            # The lock of the data folder goes along: it is free when the last of us has ended.
            close_fds=False,
        )
        if done.returncode != 0:
            raise ProgramFailed(error_line(done.stderr or done.stdout))
        return done.stdout


def installed() -> Programs:
    """The programs of this installation, where this user may run them."""
    try:
        return Programs(binaries())
    except PostgresFailed as failure:
        raise CommandFailed(str(failure)) from failure


def error_line(output: str) -> str:
    """What a person should read of all that a program has printed: its last error, in one line."""
    if "No space left on device" in output:
        return "the disk is full"
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [match[1] for line in lines if (match := _ERROR.search(line))]
    return " ".join((errors or lines or ["it said nothing"])[-1].split())
