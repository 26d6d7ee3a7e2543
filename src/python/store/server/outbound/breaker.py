"""A circuit breaker: whoever does not answer is left alone for a moment.

Its lock is held to count, never during a call; pybreaker's (1.4) is, so that all calls through it
would queue up behind the slowest.

A call gets a permit and comes back with what became of it. A permit is a number that every change
of the breaker's state makes worthless, so an old call that ends late decides nothing.
"""

import logging
import threading
import time

from store.metrics.dependencies import BREAKER_OPEN

FAILURES = 8
"""So many unanswered calls in a row open it."""

REST_SECONDS = 2.0
"""How long it stays open. Short, since whoever waits meanwhile is an order."""

_log = logging.getLogger(__name__)


class Breaker:
    """Opens after some calls in a row without an answer; then no call is made for a moment.

    After that exactly one is let through. If it is answered all may pass again.
    """

    def __init__(
        self, dependency: str, failures: int = FAILURES, rest_seconds: float = REST_SECONDS
    ) -> None:
        self._dependency = dependency
        self._most_failures = failures
        self._rest_seconds = rest_seconds
        self._lock = threading.Lock()
        self._permit = 1
        self._failures = 0
        self._trial_at: float | None = None  # set while it is open
        self._trying = False
        self._gauge = BREAKER_OPEN.labels(dependency)

    def permit(self) -> int:
        """For a call that may be made now, a number to come back with; 0 if it must not be made.

        Whoever has one has to come back, however the call ends.
        """
        permit = self._permit  # read first: if the breaker opens now it is worthless at once
        if self._trial_at is None:
            return permit
        with self._lock:
            if self._trial_at is None:
                return self._permit
            if self._trying or time.monotonic() < self._trial_at:
                return 0
            self._trying = True
            self._permit += 1
            return self._permit

    def note(self, permit: int, *, answered: bool) -> None:
        """A call with this permit is over. A definite refusal is an answer, too."""
        if answered and not self._failures:
            return
        with self._lock:
            if permit != self._permit:
                return
            was_open = self._trial_at is not None
            self._failures = 0 if answered else self._failures + 1
            is_open = self._failures >= self._most_failures
            if is_open or was_open:
                self._become(is_open)
        if is_open and not was_open:
            _log.warning("%s does not answer: no calls for a moment", self._dependency)
        elif was_open and not is_open:
            _log.info("%s answers again", self._dependency)

    def _become(self, is_open: bool) -> None:
        """Call it with the lock held."""
        self._permit += 1
        self._trying = False
        self._trial_at = time.monotonic() + self._rest_seconds if is_open else None
        self._gauge.set(is_open)
