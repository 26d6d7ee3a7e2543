"""Misbehaviour on request: what one request gets of the faults that a test has ordered."""

from dataclasses import dataclass

from store.gateway.models.faults import use_up_faults


@dataclass(frozen=True)
class Misbehaviour:
    """What one request is to suffer."""

    kinds: frozenset[str] = frozenset()
    delay_seconds: float = 0.0
    webhook_seconds: float = 0.0

    @property
    def webhook_twice(self) -> bool:
        return "webhook_twice" in self.kinds

    def webhook_delay(self, position: int, count: int) -> float:
        """Seconds that the event at `position` among `count` is held back."""
        if "webhook_out_of_order" in self.kinds:
            # Reversed within the request; a lone event lets the next request's overtake it.
            return self.webhook_seconds * (count - 1 - position if count > 1 else 1)
        return self.webhook_seconds


NO_MISBEHAVIOUR = Misbehaviour()


def take_misbehaviour(request: str) -> Misbehaviour:
    """Use up, once, every fault that waits for this request (`METHOD /path`)."""
    faults = use_up_faults(request)
    if not faults:
        return NO_MISBEHAVIOUR
    held_back = ("webhook_delay", "webhook_out_of_order")
    webhooks = [fault["seconds"] for fault in faults if fault["kind"] in held_back]
    delays = [fault["seconds"] for fault in faults if fault["kind"] == "delay"]
    kinds = frozenset(fault["kind"] for fault in faults)
    return Misbehaviour(kinds, sum(delays), max(webhooks, default=0.0))
