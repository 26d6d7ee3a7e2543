"""What lies in wait for calls at named points, and what befalls them there."""

import threading
import time
from collections.abc import Callable
from enum import StrEnum

from store.chaos.proxies.points import POINTS

GATHER_SECONDS = 3.0  # shorter than the shortest deadline of orders, 4 s


class Deed(StrEnum):
    """What befalls a call at a point. Where a connection is closed, gRPC says UNAVAILABLE."""

    KILL = "kill"
    """The caller is killed; when it is gone its connection is closed."""
    DROP = "drop"
    """The connection is closed, and nobody is killed."""
    DELAY = "delay"
    """The call is held until the caller gives up, and goes on then."""
    TWICE = "twice"
    """The call is passed on a second time; the caller sees the second answer."""
    DOWN = "down"
    """The call is refused at once and not passed on: only at a point `before`."""


class Gang:
    """Calls of one caller that are caught together; the first of them leads."""

    def __init__(self, caller: str, wanted: int) -> None:
        self.caller = caller
        self.count = 0
        self.wanted = wanted
        self.called_off = False
        self.complete = threading.Event()
        self.over = threading.Event()

    def join(self) -> bool:
        """Whether this call leads."""
        self.count += 1
        if self.count == self.wanted:
            self.complete.set()
        return self.count == 1

    def call_off(self) -> None:
        """Let all of them go on unharmed."""
        self.called_off = True
        self.complete.set()


class Ambush:
    """A deed that waits at a point: for calls of one caller, or of whoever comes."""

    def __init__(self, point: str, deed: Deed, caller: str | None, times: int, gather: int) -> None:
        self.point = point
        self.deed = deed
        self.caller = caller
        self.gather = gather
        self.sprung: list[tuple[str, float]] = []
        """Whom it befell and when (monotonic): an entry for each time, however many calls it met."""
        self.caught = 0
        """How many calls it befell."""
        self.gang: Gang | None = None
        self.times = times
        self.times_left = times
        self._used_up = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Whether within so many seconds it has sprung as often as it was laid for.

        A caller that it kills is gone by then.
        """
        return self._used_up.wait(seconds)

    @property
    def standing(self) -> int:
        """How many calls it holds until there are enough."""
        gang = self.gang
        return gang.count if gang else 0

    def meets(self, point: str, caller: str) -> bool:
        """Whether this call walks into it. While it gathers, it is for the calls of one caller."""
        wanted = self.gang.caller if self.gang else self.caller
        return self.times_left > 0 and point == self.point and wanted in (None, caller)

    def close(self, gang: Gang) -> None:
        """Take no more calls into this gang."""
        if self.gang is gang:
            self.gang = None
            self.times_left -= 1

    def note(self, gang: Gang) -> None:
        """Write down that the deed is done."""
        self.caught += gang.count
        self.sprung.append((gang.caller, time.monotonic()))
        if len(self.sprung) == self.times:
            self._used_up.set()


class Ambushes:
    """All that lie in wait. Any thread may lay them, walk into them and clear them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._laid: list[Ambush] = []

    def lay(
        self, point: str, deed: Deed, *, caller: str | None = None, times: int = 1, gather: int = 1
    ) -> Ambush:
        """Do the deed to the next `times` calls at a point; ValueError where that makes no sense.

        With `gather`, calls are held there until so many of one caller stand together, or for at
        most GATHER_SECONDS: then the deed is done once, and befalls them all.
        """
        if point not in POINTS or (deed is Deed.DOWN and not point.endswith(".before")):
            raise ValueError(f"no ambush can {deed} at {point!r}")
        ambush = Ambush(point, deed, caller, times, gather)
        with self._lock:
            self._laid.append(ambush)
        return ambush

    def clear(self) -> None:
        """Lift them all; calls that are being gathered go on as if nothing had been there."""
        with self._lock:
            for ambush in self._laid:
                if ambush.gang:
                    ambush.gang.call_off()
            self._laid.clear()

    def passing(self, point: str, caller: str, kill: Callable[[str], None]) -> Deed | None:
        """What befalls this call here; a KILL has happened when this returns."""
        with self._lock:
            ambush = next((one for one in self._laid if one.meets(point, caller)), None)
            if ambush is None:
                return None
            gang = ambush.gang = ambush.gang or Gang(caller, ambush.gather)
            leads = gang.join()
            if gang.complete.is_set():
                ambush.close(gang)
        if leads:
            self._lead(ambush, gang, kill)
        gang.over.wait()
        return None if gang.called_off else ambush.deed

    def _lead(self, ambush: Ambush, gang: Gang, kill: Callable[[str], None]) -> None:
        gang.complete.wait(GATHER_SECONDS)
        with self._lock:
            ambush.close(gang)
        try:
            if gang.called_off:
                return
            if ambush.deed is Deed.KILL:
                kill(gang.caller)
            with self._lock:
                ambush.note(gang)
        finally:
            gang.over.set()
