"""How a call crosses a door: past the point before, to the other side, past the point after."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from store.chaos.proxies.fault_rule import Ambushes, Deed

LONGEST_HOLD_SECONDS = 15.0
"""How long a delayed call is held at most: longer than the deadlines of orders (4 and 6 s)."""

T = TypeVar("T")
Answer = TypeVar("Answer", covariant=True)


class Cut(Exception):
    """The caller gets no answer: its connection is to be closed, or reset if `refused`."""

    def __init__(self, refused: bool) -> None:
        super().__init__("the call was cut off")
        self.refused = refused


class Passage(Protocol[Answer]):
    """One call on its way."""

    def pass_on(self) -> Answer:
        """Ask the other side."""

    def hold(self) -> None:
        """Return when the caller has given up; the call then goes on without it."""

    def is_alone(self) -> bool:
        """Whether the caller has gone: its call goes on, and can tell nothing about it any more."""


@dataclass(frozen=True)
class Crossing:
    """The way of one caller's calls through its door."""

    ambushes: Ambushes
    kill: Callable[[str], None]
    caller: str

    def cross(self, call: str, passage: Passage[T]) -> T:
        """The other side's answer; Cut if the caller must not see one."""
        if self._meet(f"{call}.before", passage) is Deed.TWICE:
            passage.pass_on()
        answer = passage.pass_on()
        if self._meet(f"{call}.after", passage) is Deed.TWICE:
            answer = passage.pass_on()
        return answer

    def _meet(self, point: str, passage: Passage[object]) -> Deed | None:
        # What a dead process has left behind must not kill the one that was started in its place.
        if passage.is_alone():
            return None
        deed = self.ambushes.passing(point, self.caller, self.kill)
        if deed in (Deed.KILL, Deed.DROP, Deed.DOWN):
            raise Cut(refused=deed is Deed.DOWN)
        if deed is Deed.DELAY:
            passage.hold()
        return deed
