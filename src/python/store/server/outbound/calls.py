"""Calls to one other server: every one is measured, and none is made while its breaker is open."""

from store.metrics import dependencies
from store.metrics.dependencies import CallOutcome
from store.server.outbound.breaker import Breaker

_ANSWERS = frozenset({CallOutcome.OK, CallOutcome.REFUSED})


class Calls:
    """The calls that a client makes to its dependency."""

    def __init__(self, dependency: str, breaker: Breaker | None = None) -> None:
        self.dependency = dependency
        self._breaker = breaker

    def begin(self, operation: str) -> "Call | None":
        """A call that begins now, to be ended however it goes; None if it must not be made."""
        call = Call(self.dependency, operation, self._breaker)
        if call.is_allowed:
            return call
        call.end(CallOutcome.NOT_ASKED)
        return None


class Call:
    """A call in hand."""

    __slots__ = ("_breaker", "_measured", "_permit")

    def __init__(self, dependency: str, operation: str, breaker: Breaker | None) -> None:
        self._breaker = breaker
        self._permit = breaker.permit() if breaker else 0
        self._measured = dependencies.CallTimer(dependency, operation)

    @property
    def is_allowed(self) -> bool:
        """Whether it may be made."""
        return self._breaker is None or self._permit > 0

    def end(self, outcome: CallOutcome) -> None:
        """It is over; say so once."""
        self._measured.end(outcome)
        if self._breaker:
            self._breaker.note(self._permit, answered=outcome in _ANSWERS)
