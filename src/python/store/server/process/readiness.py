"""Whether this process can do its work now: what /ready asks, and what the log says of it."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from store.server.errors import StoreError
from store.server.process.lifecycle import stopping

Check = Callable[[], None]

_DEADLINE_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Checks:
    """Asks every named check at once, with a deadline, and never one check twice at a time.

    Whenever the outcome is another than before, the log has a line of it.
    """

    def __init__(self, ready: Mapping[str, Check], deadline: float = _DEADLINE_SECONDS) -> None:
        self._ready = ready
        self._deadline = deadline
        self._running: dict[str, Future[None]] = {}
        self._told: dict[str, str] | None = None

    def failing(self) -> dict[str, str]:
        """Why this process is not ready, by name of the check; empty when it is."""
        if stopping.is_set():
            return {"process": "stopping"}
        asked = {name: self._ask(name) for name in self._ready}
        ends = time.monotonic() + self._deadline
        errors = {name: _error_of(future, ends) for name, future in asked.items()}
        failed = {name: error for name, error in errors.items() if error is not None}
        reasons = {name: _reason(error) for name, error in failed.items()}
        if reasons != self._told:
            self._told = reasons
            _log_state(failed)
        return reasons

    def _ask(self, name: str) -> Future[None]:
        future = self._running.get(name)
        # A check that hangs is waited for, not piled up.
        if future is None or future.done():
            future = self._running[name] = Future()
            arguments = (self._ready[name], future)
            threading.Thread(target=_settle, args=arguments, daemon=True).start()
        return future


def _settle(check: Check, future: "Future[None]") -> None:
    try:
        check()
    except Exception as error:
        future.set_exception(error)
    else:
        future.set_result(None)


def _error_of(future: "Future[None]", ends: float) -> BaseException | None:
    try:
        return future.exception(max(0.0, ends - time.monotonic()))
    except TimeoutError as late:
        return late


def _reason(error: BaseException) -> str:
    """What anybody may read who asks: a foreign error's text may hold an address or a password."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.detail if isinstance(error, StoreError) else type(error).__name__


def _log_state(failed: Mapping[str, BaseException]) -> None:
    if failed:
        reasons = (f"{name}: {_in_full(error)}" for name, error in failed.items())
        _log.warning("not ready: %s", "; ".join(reasons))
    else:
        _log.info("ready")


def _in_full(error: BaseException) -> str:
    """The reason, with what is behind it: for the log, which is redacted."""
    behind = error.__cause__ if isinstance(error, StoreError) else error
    cause = " ".join(str(behind or "").split())
    return f"{_reason(error)} ({cause})" if cause else _reason(error)
