"""Calls that this process makes to others: over HTTP, gRPC and SMTP, in one vocabulary."""

import time
from enum import StrEnum
from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram


class CallOutcome(StrEnum):
    """What became of a call."""

    OK = "ok"
    REFUSED = "refused"
    """A definite no; asking again changes nothing."""

    ERROR = "error"
    """An answer that says nothing but that something is wrong over there."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """No connection, or one that broke."""

    NOT_ASKED = "not_asked"
    """The breaker was open: the call was not made."""


SECONDS = Histogram(
    "dependency_request_duration_seconds",
    "Seconds until another server answered a call, or until it was clear that it would not.",
    ("dependency", "operation", "outcome"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RETRIES = Counter(
    "dependency_retries_total",
    "Calls over HTTP that were repeated at once, before the caller heard of the failure. (gRPC tells "
    "its client nothing of its repeats.)",
    ("dependency",),
)
BREAKER_OPEN = Gauge(
    "dependency_breaker_open",
    "1 while calls fail at once, because too many before them went unanswered.",
    ("dependency",),
)


class CallTimer:
    """A call in hand, timed from now on."""

    __slots__ = ("_began", "_seconds")

    def __init__(self, dependency: str, operation: str) -> None:
        self._seconds = _children(dependency, operation)
        self._began = time.perf_counter()

    def end(self, outcome: CallOutcome) -> None:
        """It is over; say so once."""
        self._seconds[outcome].observe(time.perf_counter() - self._began)


def announce(dependency: str, *operations: str) -> None:
    """Show these calls as zeros before the first is made: a rate sees only what a series grew by."""
    RETRIES.labels(dependency)
    for operation in operations:
        _children(dependency, operation)


def outcome_of_status(status: int) -> CallOutcome:
    """What an HTTP status means for the caller."""
    if status < 400:
        return CallOutcome.OK
    return CallOutcome.REFUSED if status < 500 else CallOutcome.ERROR


def outcome_of_error(error: BaseException) -> CallOutcome:
    """What an exception means, where the wire was a socket."""
    if isinstance(error, TimeoutError):
        return CallOutcome.TIMEOUT
    return CallOutcome.UNREACHABLE if isinstance(error, OSError) else CallOutcome.ERROR


@lru_cache(256)
def _children(dependency: str, operation: str) -> dict[CallOutcome, Histogram]:
    return {outcome: SECONDS.labels(dependency, operation, outcome) for outcome in CallOutcome}
