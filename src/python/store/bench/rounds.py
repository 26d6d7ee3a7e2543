"""Many short turns, one variant after the other and back again, so that drift hits all alike."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from store.bench.load import Load
from store.bench.servers import MeasuredServer
from store.bench.variants import Variant


@dataclass(frozen=True)
class Turn:
    """What one server did while it was asked."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_micros(self) -> float:
        """Microseconds of processor time for one request."""
        return self.cpu_seconds / self.requests * 1e6


@dataclass(frozen=True)
class Range:
    """The middle one of many values, with the least and the greatest."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Range":
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Cost:
    """What a variant does compared with the bare one in the same round."""

    variant: Variant
    rate: Range
    cpu_micros: Range
    throughput: Range  # its rate as a share of the bare one's
    cpu_share: Range  # the bare one's processor time as a share of its

    @classmethod
    def of(cls, variant: Variant, turns: Sequence[Turn], bare: Sequence[Turn]) -> "Cost":
        pairs = list(zip(turns, bare, strict=True))
        return cls(
            variant,
            rate=Range.of([turn.rate for turn in turns]),
            cpu_micros=Range.of([turn.cpu_micros for turn in turns]),
            throughput=Range.of([turn.rate / other.rate for turn, other in pairs]),
            cpu_share=Range.of([other.cpu_micros / turn.cpu_micros for turn, other in pairs]),
        )


def costs(
    servers: Sequence[MeasuredServer],
    rounds: int,
    seconds: float,
    connections: int,
    on_round: Callable[[int], None],
) -> list[Cost]:
    """What each variant costs, the first one being bare; `on_round` gets the rounds done so far."""
    turns: list[list[Turn]] = [[] for _ in servers]
    with ExitStack() as opened:
        loads = [opened.enter_context(Load(each.port, connections)) for each in servers]
        for load in loads:
            load.turn(seconds)  # the first answers of a process are slow
        row = list(zip(servers, loads, turns, strict=True))
        for number in range(rounds):
            for each, load, so_far in row if number % 2 else row[::-1]:
                so_far.append(_turn(each, load, seconds))
            on_round(number + 1)
    return [Cost.of(each.variant, own, turns[0]) for each, own in zip(servers, turns, strict=True)]


def _turn(server: MeasuredServer, load: Load, seconds: float) -> Turn:
    before = server.cpu_seconds()
    requests, took = load.turn(seconds)
    return Turn(requests, took, server.cpu_seconds() - before)
