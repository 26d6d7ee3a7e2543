"""A child that ends when its owner does, however the owner ends."""

import contextlib
import os
import subprocess
from collections.abc import Sequence
from signal import SIGKILL
from typing import IO, Any

KILL_AFTER_SECONDS = 120

# Ends the command when our end of the pipe on stdin closes: when we say so, and also when this
# process is killed without a chance to say so. $1 is the signal, $2 the seconds after which whatever
# has not obeyed is killed; the rest is the command, which replaces the shell: it is our child.
# The watch is nobody's child, so that the command meets none that it did not start, but it belongs to
# the group that the command leads: $$ cannot become anybody else's number while the watch lives, and
# it lives a second longer than the command, so that the owner may still signal the group.
GUARD = """
signal=$1 seconds=$2; shift 2
exec 3<&0
( (
  trap '' "$signal"
  read -r _ <&3
  kill "-$signal" $$
  while kill -0 $$ && [ "$seconds" -gt 0 ]; do sleep 1; seconds=$((seconds - 1)); done
  sleep 1
  kill -KILL 0
) >/dev/null 2>&1 & )
exec "$@" 3<&- </dev/null
"""


def guarded(
    command: Sequence[str], *, signal: str, kill_after: int = KILL_AFTER_SECONDS
) -> list[str]:
    """The command, guarded: start it in a session of its own, with a pipe of ours as its stdin.

    It gets `signal` when the pipe closes, and its process group SIGKILL `kill_after` seconds later.
    """
    return ["/bin/sh", "-c", GUARD, "sh", signal, str(kill_after), *command]


class ChildProcess:
    """A running command that gets `signal` from `end`, and also when this process is gone."""

    def __init__(
        self, command: Sequence[str], *, signal: str, log: IO[bytes], who: dict[str, Any]
    ) -> None:
        self._process = subprocess.Popen(
            guarded(command, signal=signal),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            # Ctrl-C in a terminal goes to the whole group, and the services still need it then.
            start_new_session=True,
            **who,
        )

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended, by itself or by `end`."""
        return self._process.poll() is None

    def end(self, timeout: float) -> None:
        """Have it end and wait for that; subprocess.TimeoutExpired if it does not."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(timeout=timeout)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, SIGKILL)  # the watch, which would look up once a second
