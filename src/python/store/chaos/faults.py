"""What is to go wrong in a storm, and when: drawn from a seed, so that it can be repeated."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.chaos.proxies.fault_rule import Deed
from store.chaos.proxies.points import POINTS


class Kind(StrEnum):
    """How somebody is harmed; `what` then names a process, a point, or a fault of the gateway."""

    KILL = "kill -9"
    KILL_A_PART = "kill -9 of a part"  # gunicorn's worker, one backend of PostgreSQL
    KILL_AT = "kill -9 at a step"
    HARM_AT = "harm at a step"
    STALL = "stall"
    RESTART = "restart"
    GATEWAY = "gateway misbehaves"


@dataclass(frozen=True)
class Mishap:
    """One of them: `at` seconds after the storm began, for `seconds`."""

    at: float
    kind: Kind
    what: str
    seconds: float = 0.0
    deed: Deed = Deed.KILL


@dataclass(frozen=True)
class Weather:
    """How hard a storm blows: so many kills and other mishaps over so many seconds."""

    seconds: float
    kills: int
    stalls: int
    restarts: int
    harms: int
    misbehaviours: int

    @classmethod
    def of(cls, seconds: float, kills: int) -> "Weather":
        """The usual mix around a number of kills."""
        some = max(1, kills // 5)
        return cls(
            seconds, kills, stalls=some, restarts=some, harms=2 * some, misbehaviours=2 * some
        )


OTHER_HARM = frozenset({Kind.HARM_AT, Kind.GATEWAY})


# A caller of the gateway waits 6 s for an answer, a lease lasts 30 s: some stalls outlast both.
STALLS = (0.5, 2.0, 8.0, 33.0)
PARTS = ("orders-1", "orders-2", "orders-3", "gateway", "inventory", "users", "postgres")
GATEWAY_FAULTS = (
    "delay", "error_500", "error_500_after_work", "drop_before_work", "drop_after_work",
    "rate_limit", "webhook_twice", "webhook_out_of_order", "webhook_delay",
)  # fmt: skip
HARMS = (Deed.DROP, Deed.DELAY, Deed.TWICE, Deed.DOWN)
BEFORE = tuple(point for point in POINTS if point.endswith(".before"))


def mishaps(seed: int, weather: Weather, processes: Sequence[str]) -> list[Mishap]:
    """All of a storm, by time. Every process is killed about as often as any other."""
    chance = random.Random(f"storm {seed}")  # noqa: S311 - no secret
    drawn = [
        *_kills(chance, weather.kills, processes),
        *_stalls(chance, weather.stalls, processes),
        *(_one(chance, Kind.RESTART, processes) for _ in range(weather.restarts)),
        *(_harm(chance) for _ in range(weather.harms)),
        *(_one(chance, Kind.GATEWAY, GATEWAY_FAULTS) for _ in range(weather.misbehaviours)),
    ]
    return _in_time(chance, weather, drawn)


def mishaps_from_outside(seed: int, weather: Weather, processes: Sequence[str]) -> list[Mishap]:
    """All of a storm over those whose parts nobody sees, and whose calls nobody can wait for."""
    chance = random.Random(f"storm from outside {seed}")  # noqa: S311 - no secret
    turns = _in_turn(chance, processes)
    drawn = [
        *(
            Mishap(0.0, Kind.KILL, next(turns), chance.uniform(0.0, 2.0))
            for _ in range(weather.kills)
        ),
        *_stalls(chance, weather.stalls, processes),
        *(_one(chance, Kind.RESTART, processes) for _ in range(weather.restarts)),
        *(_one(chance, Kind.GATEWAY, GATEWAY_FAULTS) for _ in range(weather.misbehaviours)),
    ]
    return _in_time(chance, weather, drawn)


def kills_at(points: Sequence[str], number: int, seconds: float) -> list[Mishap]:
    """So many kills exactly at these points, in turn and evenly spread over the first half."""
    turns = itertools.islice(itertools.cycle(points), number)
    return [
        Mishap(seconds / 2 * place / number, Kind.KILL_AT, point)
        for place, point in enumerate(turns)
    ]


def _kills(chance: random.Random, number: int, processes: Sequence[str]) -> Iterator[Mishap]:
    """Half at any moment, a third exactly at a step, the rest of a part only."""
    turns = _in_turn(chance, processes)
    for drawn in range(number):
        if drawn % 6 in (1, 3):
            yield _one(chance, Kind.KILL_AT, POINTS)
        elif drawn % 6 == 5:
            yield _one(chance, Kind.KILL_A_PART, PARTS)
        else:
            yield Mishap(0.0, Kind.KILL, next(turns), chance.uniform(0.0, 2.0))


def _stalls(chance: random.Random, number: int, processes: Sequence[str]) -> Iterator[Mishap]:
    turns = _in_turn(chance, processes)
    for drawn in range(number):
        yield Mishap(0.0, Kind.STALL, next(turns), STALLS[drawn % len(STALLS)])


def _one(chance: random.Random, kind: Kind, among: Sequence[str]) -> Mishap:
    return Mishap(0.0, kind, chance.choice(among), chance.uniform(0.0, 2.0))


def _harm(chance: random.Random) -> Mishap:
    deed = chance.choice(HARMS)
    points = BEFORE if deed is Deed.DOWN else POINTS
    return Mishap(0.0, Kind.HARM_AT, chance.choice(points), 0.0, deed)


def _in_turn(chance: random.Random, among: Sequence[str]) -> Iterator[str]:
    while True:
        yield from chance.sample(among, len(among))


def _in_time(chance: random.Random, weather: Weather, drawn: Sequence[Mishap]) -> list[Mishap]:
    return sorted((_at(chance, each, weather.seconds) for each in drawn), key=lambda each: each.at)


def _at(chance: random.Random, mishap: Mishap, seconds: float) -> Mishap:
    # What lasts long begins early, so that it has ended when the storm has.
    latest = max(0.0, seconds - mishap.seconds)
    return Mishap(
        chance.uniform(0.0, latest), mishap.kind, mishap.what, mishap.seconds, mishap.deed
    )
