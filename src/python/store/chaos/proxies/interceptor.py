"""What a proxy does with a call that has points: apply the rules before and after it is forwarded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from store.chaos.proxies.fault_rule import Effect, FaultRules

MAX_HOLD_SECONDS = 15.0
"""How long a delayed call is held at most: longer than the deadlines of orders (4 and 6 s)."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ConnectionCut(Exception):
    """The caller gets no answer: its connection is to be closed, or reset if `refused`."""

    def __init__(self, refused: bool) -> None:
        super().__init__("the call was cut off")
        self.refused = refused


class InterceptedCall(Protocol[T_co]):
    """One call on its way through a proxy."""

    def forward(self) -> T_co:
        """Ask the other side."""

    def hold(self) -> None:
        """Return when the caller has given up; the call then goes on without it."""

    def is_abandoned(self) -> bool:
        """Whether the caller has gone: its call goes on, and can tell nothing about it any more."""


@dataclass(frozen=True)
class Interceptor:
    """Applies the fault rules to the calls of one caller; `kill` ends the process of a name."""

    fault_rules: FaultRules
    kill: Callable[[str], None]
    caller: str

    def intercept(self, name: str, call: InterceptedCall[T]) -> T:
        """The other side's answer; ConnectionCut if the caller must not see one."""
        if self._apply_rules(f"{name}.before", call) is Effect.TWICE:
            call.forward()
        answer = call.forward()
        if self._apply_rules(f"{name}.after", call) is Effect.TWICE:
            answer = call.forward()
        return answer

    def _apply_rules(self, point: str, call: InterceptedCall[object]) -> Effect | None:
        # What a dead process has left behind must not kill the one that was started in its stead.
        if call.is_abandoned():
            return None
        effect = self.fault_rules.apply(point, self.caller, self.kill)
        if effect in (Effect.KILL, Effect.DROP, Effect.DOWN):
            raise ConnectionCut(refused=effect is Effect.DOWN)
        if effect is Effect.DELAY:
            call.hold()
        return effect
