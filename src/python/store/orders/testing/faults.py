"""What goes wrong with calls to other services, on demand."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from store.server.errors import StoreError
from store.server.grpc.channel import OutcomeUnknown

T = TypeVar("T")


DOWN_FOR = 5
"""Calls that a service leaves unanswered while it is down."""


class Fault(Enum):
    """What goes wrong with one call.

    STOPPED: the process sleeps for so long that it loses its lease, and others go on meanwhile.
    DOWN: this call and the next few of the same service, whichever they are, come to nothing.
    """

    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()
    DONE_BUT_TIMED_OUT = auto()
    TIMED_OUT = auto()
    DUPLICATED = auto()
    STOPPED_BEFORE = auto()
    STOPPED_AFTER = auto()
    DOWN = auto()


class SimulatedCrash(BaseException):
    """The process is gone: nothing of ours catches it."""


@dataclass
class Faults:
    """The faults that wait for a method's next calls, and how often each method was called.

    An error among them is a definite no: nothing is done, and that is the answer.
    """

    waiting: defaultdict[str, deque[Fault | StoreError]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    down_for: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    unanswered: type[Exception] = OutcomeUnknown
    meanwhile: Callable[[], None] = lambda: None

    def next(self, method: str, *faults: Fault | StoreError) -> None:
        """Let the method's next calls go wrong in these ways."""
        self.waiting[method].extend(faults)

    def around(self, method: str, work: Callable[[], T]) -> T:
        """Do the work of a call, unless its fault is in the way."""
        self.calls[method] += 1
        fault = self._fault_of(method)
        self._before(fault, work)
        done = work()
        self._after(fault)
        return done

    def _fault_of(self, method: str) -> Fault | StoreError | None:
        fault = self.waiting[method].popleft() if self.waiting[method] else None
        if fault == Fault.DOWN:
            self.down_for = DOWN_FOR
        if self.down_for:
            self.down_for -= 1
            return Fault.TIMED_OUT
        return fault

    def _before(self, fault: Fault | StoreError | None, work: Callable[[], object]) -> None:
        match fault:
            case StoreError():
                raise fault
            case Fault.CRASH_BEFORE:
                raise SimulatedCrash
            case Fault.TIMED_OUT:
                raise self.unanswered("timed out")
            case Fault.DUPLICATED:
                work()
            case Fault.STOPPED_BEFORE:
                self.meanwhile()

    def _after(self, fault: Fault | StoreError | None) -> None:
        match fault:
            case Fault.CRASH_AFTER:
                raise SimulatedCrash
            case Fault.DONE_BUT_TIMED_OUT:
                raise self.unanswered("timed out")
            case Fault.STOPPED_AFTER:
                self.meanwhile()
