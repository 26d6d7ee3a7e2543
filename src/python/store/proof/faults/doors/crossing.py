"""How a call crosses a door: past the point before, to the other side, past the point after."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from store.proof.faults.doors.ambush import Ambushes, Deed

T = TypeVar("T")


class Cut(Exception):
    """The caller gets no answer: its connection is to be closed, or reset if `refused`."""

    def __init__(self, refused: bool) -> None:
        super().__init__("the call was cut off")
        self.refused = refused


@dataclass(frozen=True)
class Crossing:
    """The way of one caller's calls through its door."""

    ambushes: Ambushes
    kill: Callable[[str], None]
    caller: str

    def cross(self, call: str, pass_on: Callable[[], T], hold: Callable[[], None]) -> T:
        """The other side's answer; Cut if the caller must not see one.

        `pass_on` asks the other side, `hold` returns when the caller has given up.
        """
        if self._meet(f"{call}.before", hold) is Deed.TWICE:
            pass_on()
        answer = pass_on()
        if self._meet(f"{call}.after", hold) is Deed.TWICE:
            answer = pass_on()
        return answer

    def _meet(self, point: str, hold: Callable[[], None]) -> Deed | None:
        deed = self.ambushes.passing(point, self.caller, self.kill)
        if deed in (Deed.KILL, Deed.DROP, Deed.DOWN):
            raise Cut(refused=deed is Deed.DOWN)
        if deed is Deed.DELAY:
            hold()
        return deed
