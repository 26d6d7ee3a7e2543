"""What a load has seen so far; safe from many threads."""

import threading
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

LATE_SECONDS = 0.1  # a journey that starts later than this after its time is counted as late
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Action(StrEnum):
    """What people do at the store."""

    BROWSE = "browse"
    PLACE = "place"
    PLACE_TWICE = "place twice"  # with one key at the same time: one of them has to wait
    FOLLOW = "follow"  # from when the order was to be placed until it was settled
    PAY = "pay"
    CANCEL = "cancel"
    SHIP = "ship"
    DELIVER = "deliver"
    REFUND = "refund"
    LOOK = "look"


@dataclass(frozen=True)
class Promise:
    """What the buyer has last seen of one order, and what was intended with it.

    `order_id` is empty, and `seen_state` is "unanswered" or "refused", if no order was seen.
    `refunded` is in minor units: what has surely been given back, as far as anybody has seen.
    """

    order_id: str
    key: str
    seen_state: str
    intent: str
    reason: str = ""
    refunded: int = 0
    seen_at: datetime = _LONG_AGO  # the store's own time of that state


@dataclass
class ActionTimings:
    """How one action went: seconds from when it was due, how it ended, and what was repeated."""

    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    outcomes: Counter[str] = field(default_factory=Counter)
    attempts: int = 0

    @property
    def retries(self) -> int:
        return self.attempts - len(self.seconds)


class Recorder:
    """Counts journeys, actions, failures that a buyer saw, and promises by Idempotency-Key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured: defaultdict[Action, ActionTimings] = defaultdict(ActionTimings)
        self._promises: dict[str, Promise] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self.started = self.finished = self.late = 0
        self.latest_start = 0.0  # seconds after its time
        self.last_start = 0.0  # seconds after the begin
        self.began = time.monotonic()
        self.ended: float | None = None

    def begin(self) -> None:
        self.began = time.monotonic()

    def start(self, late: float) -> None:
        """A journey starts, so many seconds after its time."""
        with self._lock:
            self.started += 1
            self.late += late > LATE_SECONDS
            self.latest_start = max(self.latest_start, late)
            self.last_start = time.monotonic() - self.began

    def finish(self) -> None:
        with self._lock:
            self.finished += 1

    def note(self, action: Action, seconds: float, outcome: str, attempts: int = 1) -> None:
        """Something was done; `seconds` count from when it was due."""
        with self._lock:
            measured = self._measured[action]
            measured.seconds.append(seconds)
            measured.outcomes[outcome] += 1
            measured.attempts += attempts

    def fail(self, action: str, what: str) -> None:
        """A buyer saw an error, for all his patience."""
        with self._lock:
            self._failures[action, what] += 1

    def promise(self, key: str, intent: str) -> None:
        """An order is about to be asked for."""
        with self._lock:
            self._promises[key] = Promise("", key, "unanswered", intent)

    def receive(self, key: str, order: Mapping[str, Any]) -> None:
        """Somebody was shown the order; what is older than what he knows changes nothing."""
        at = datetime.fromisoformat(order["updated_at"])
        succeeded = (each for each in order["refunds"] if each["state"] == "succeeded")
        refunded = sum(refund["amount"] for refund in succeeded)
        with self._lock:
            known = self._promises[key]
            if at >= known.seen_at:
                self._promises[key] = replace(
                    known,
                    order_id=order["id"],
                    seen_state=order["state"],
                    reason=order["reason"] or "",
                    refunded=max(known.refunded, refunded),
                    seen_at=at,
                )

    def refuse(self, key: str, code: str) -> None:
        """The order was refused before there was one."""
        with self._lock:
            known = self._promises[key]
            self._promises[key] = replace(known, seen_state="refused", reason=code)

    def end(self) -> None:
        self.ended = time.monotonic()

    @property
    def failures(self) -> Counter[tuple[str, str]]:
        """How often a buyer saw which error, by action and status with code."""
        with self._lock:
            return self._failures.copy()

    @property
    def promises(self) -> Sequence[Promise]:
        """What buyers have last seen, in the order they asked."""
        with self._lock:
            return [*self._promises.values()]

    @property
    def measured(self) -> Mapping[Action, ActionTimings]:
        with self._lock:
            return {
                action: ActionTimings(each.seconds[:], each.outcomes.copy(), each.attempts)
                for action, each in self._measured.items()
            }

    def outcomes(self, action: Action) -> Counter[str]:
        """How often an action ended in which way."""
        with self._lock:
            return self._measured[action].outcomes.copy()

    @property
    def rate(self) -> float:
        """Journeys that began a second, from the begin to the last start."""
        return self.started / self.last_start if self.last_start else 0.0

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return (self.ended or time.monotonic()) - self.began
