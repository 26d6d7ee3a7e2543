"""What misbehaviour may be ordered."""

from dataclasses import dataclass

from store.gateway.parameters import Parameters, missing

KINDS = (
    "delay",
    "rate_limit",
    "error_500",
    "error_500_after_work",
    "drop_before_work",
    "drop_after_work",
    "webhook_twice",
    "webhook_out_of_order",
    "webhook_delay",
)


@dataclass(frozen=True)
class NewFault:
    """What to do wrong, where (a glob over `METHOD /path`), how often, and for how long."""

    kind: str
    path: str
    times: int
    seconds: float


def read_fault(given: Parameters) -> NewFault:
    """Misbehaviour to order."""
    kind = given.one_of("kind", KINDS)
    if kind is None:
        raise missing("kind")
    return NewFault(
        kind=kind,
        path=given.text("path", most=255) or "*",
        times=given.whole("times", most=1_000_000) or 1,
        seconds=given.seconds("seconds", 1.0),
    )
