"""A child that ends when its owner does, however the owner ends."""

import contextlib
import subprocess
from collections.abc import Sequence
from typing import IO, Any

# Ends the command when our end of the pipe on stdin closes: when we say so, and also when this
# process is killed without a chance to say so. $1 is the signal, the rest is the command.
KEEPER = """
signal=$1; shift
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( read -r _ <&3; kill "-$signal" $server ) & watch=$!
wait $server; status=$?
kill $watch 2>/dev/null
exit $status
"""


class Kept:
    """A running command that gets `signal` when it is told to end or when this process is gone."""

    def __init__(
        self, command: Sequence[str], *, signal: str, log: IO[bytes], who: dict[str, Any]
    ) -> None:
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "sh", signal, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            # Ctrl-C in a terminal goes to the whole group, and the services still need it then.
            start_new_session=True,
            **who,
        )

    @property
    def running(self) -> bool:
        """Whether it has not ended, by itself or because it was told to."""
        return self._keeper.poll() is None

    def end(self, timeout: float) -> None:
        """Tell it to end and wait for that; subprocess.TimeoutExpired if it does not."""
        with contextlib.suppress(BrokenPipeError):
            self._keeper.communicate(timeout=timeout)
