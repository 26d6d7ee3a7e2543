"""Fault rules: what goes wrong for calls at named points, and for how many of them."""

import threading
import time
from collections.abc import Callable
from enum import StrEnum

from store.chaos.proxies.points import POINTS

GROUP_SECONDS = 3.0  # shorter than the shortest deadline of orders, 4 s


class Effect(StrEnum):
    """What a rule does to a call at its point. Where a connection is closed, gRPC says UNAVAILABLE."""

    KILL = "kill"
    """The caller is killed; when it is gone its connection is closed."""
    DROP = "drop"
    """The connection is closed, and nobody is killed."""
    DELAY = "delay"
    """The call is held until the caller gives up, and goes on then."""
    TWICE = "twice"
    """The call is forwarded a second time; the caller sees the second answer."""
    DOWN = "down"
    """The call is refused at once and not forwarded: only at a point `before`."""


class CallGroup:
    """Calls of one caller that a rule hits together; the first of them leads."""

    def __init__(self, caller: str, size: int) -> None:
        self.caller, self.size = caller, size
        self.count = 0
        self.cancelled = False
        self.complete = threading.Event()
        self.done = threading.Event()

    def join(self) -> bool:
        """Whether this call leads."""
        self.count += 1
        if self.count == self.size:
            self.complete.set()
        return self.count == 1

    def cancel(self) -> None:
        """Let all of them go on unharmed."""
        self.cancelled = True
        self.complete.set()


class FaultRule:
    """An effect at a point: for calls of one caller, or of any."""

    def __init__(
        self, point: str, effect: Effect, caller: str | None, times: int, group_size: int
    ) -> None:
        self.point = point
        self.effect = effect
        self.caller = caller
        self.group_size = group_size
        self.hits: list[tuple[str, float]] = []
        """Which caller it hit and when (monotonic): an entry for each time, however many calls."""
        self.calls_hit = 0
        self.group: CallGroup | None = None
        self.times = times
        self.times_left = times
        self._used_up = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Whether within so many seconds it has hit as often as it was added for.

        A caller that it kills is gone by then.
        """
        return self._used_up.wait(seconds)

    @property
    def calls_held(self) -> int:
        """How many calls it holds until there are enough."""
        group = self.group
        return group.count if group else 0

    def matches(self, point: str, caller: str) -> bool:
        """Whether it hits this call. While it holds some, it is for the calls of their caller."""
        expected = self.group.caller if self.group else self.caller
        return self.times_left > 0 and point == self.point and expected in (None, caller)

    def close(self, group: CallGroup) -> None:
        """Take no more calls into this group."""
        if self.group is group:
            self.group = None
            self.times_left -= 1

    def record(self, group: CallGroup) -> None:
        """Count the calls of a group as hit."""
        self.calls_hit += group.count
        self.hits.append((group.caller, time.monotonic()))
        if len(self.hits) == self.times:
            self._used_up.set()


class FaultRules:
    """All rules in force. Any thread may add, apply and clear them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []

    def add(
        self,
        point: str,
        effect: Effect,
        *,
        caller: str | None = None,
        times: int = 1,
        group_size: int = 1,
    ) -> FaultRule:
        """A rule for the next `times` calls at a point; ValueError where that makes no sense.

        With `group_size`, calls are held there until so many of one caller stand together, or for at
        most GROUP_SECONDS: then the effect happens once, and to them all.
        """
        if point not in POINTS or (effect is Effect.DOWN and not point.endswith(".before")):
            raise ValueError(f"no fault rule can {effect} at {point!r}")
        rule = FaultRule(point, effect, caller, times, group_size)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Remove them all; calls that are held go on as if no rule had been there."""
        with self._lock:
            for rule in self._rules:
                if rule.group:
                    rule.group.cancel()
            self._rules.clear()

    def apply(self, point: str, caller: str, kill: Callable[[str], None]) -> Effect | None:
        """What happens to this call here; a KILL has happened when this returns."""
        with self._lock:
            rule = next((each for each in self._rules if each.matches(point, caller)), None)
            if rule is None:
                return None
            group = rule.group = rule.group or CallGroup(caller, rule.group_size)
            leads = group.join()
            if group.complete.is_set():
                rule.close(group)
        if leads:
            self._hit(rule, group, kill)
        group.done.wait()
        return None if group.cancelled else rule.effect

    def _hit(self, rule: FaultRule, group: CallGroup, kill: Callable[[str], None]) -> None:
        """What the leading call does for its group, once that is complete."""
        group.complete.wait(GROUP_SECONDS)
        with self._lock:
            rule.close(group)
        try:
            if group.cancelled:
                return
            if rule.effect is Effect.KILL:
                kill(group.caller)
            with self._lock:
                rule.record(group)
        finally:
            group.done.set()
