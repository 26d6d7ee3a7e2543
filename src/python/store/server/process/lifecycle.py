"""Whether this process is about to leave."""

import _thread
import signal
import threading
from functools import cached_property
from types import FrameType

_POLL_INTERVAL_SECONDS = 1.0


class StopEvent:
    """Set once, when the process is to stop. Long streams and loops look at it."""

    @cached_property
    def _event(self) -> threading.Event:
        # Made at first use: by then gevent has replaced the class, if it ever does.
        return threading.Event()

    def is_set(self) -> bool:
        """True once the process is leaving."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep for `timeout` seconds, or less: True as soon as the process is leaving."""
        if timeout is not None:
            return self._event.wait(timeout)
        # Python runs a signal's handler in the main thread, between two steps of it: a signal that
        # comes while that thread is on its way into a wait is noticed only when the wait ends.
        while not self._event.wait(_POLL_INTERVAL_SECONDS):
            pass
        return True

    def set(self) -> None:
        """Say that the process is leaving."""
        self._event.set()

    def clear(self) -> None:
        """Forget it: for tests, and for a worker forked by a parent that saw a signal."""
        self._event.clear()


stopping = StopEvent()


def stop_at_signals() -> None:
    """From now on SIGTERM and SIGINT set `stopping`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    # In a thread: the handler may have interrupted the very wait that holds the event's lock. And
    # not a Thread, whose start() waits, which nothing may do in gevent's loop.
    _thread.start_new_thread(stopping.set, ())
