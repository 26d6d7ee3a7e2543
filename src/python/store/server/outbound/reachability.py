"""Waiting for a server that cannot be reached yet.

A new pod's first connections are refused, or lost, until the network knows its address: for 0.1 to 0.3 s
where little goes on, for seconds where much does. Databases take their time to start, too. Whatever runs
to its end, as a Job does, waits here for whom it needs.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

PAUSE_SECONDS = 1.0
PROGRESS_SECONDS = 10.0

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Unreachable(Exception):
    """Nobody has answered, and trying again may help; the text says why.

    A refusal by somebody who has answered, such as of a password, is none.
    """

    waited = 0.0
    """Seconds that it was tried."""

    @property
    def after(self) -> str:
        """What to put behind "cannot be reached": how long that was tried, if it was for long."""
        return f" after {self.waited:.0f} s" if self.waited >= PAUSE_SECONDS else ""


def wait_until_reachable(connect: Callable[[], T], seconds: float, whom: str) -> T:
    """What `connect` gives, called again each second while it raises Unreachable, for so many seconds.

    Then Unreachable; any other error at once. A line is logged when the waiting begins, every ten seconds,
    and when it was not in vain. It is a warning, which is also seen where nobody has set up logs.
    """
    began, due = time.monotonic(), 0.0
    while True:
        try:
            reached = connect()
        except Unreachable as error:
            waited = time.monotonic() - began
            if waited >= seconds:
                error.waited = waited
                raise
            if waited >= due:
                _log.warning("waiting for %s, %.0f of %.0f s: %s", whom, waited, seconds, error)
                due = waited + PROGRESS_SECONDS
            time.sleep(PAUSE_SECONDS)
        else:
            if due:
                _log.warning("%s answered after %.1f s", whom, time.monotonic() - began)
            return reached
