"""The faults of a storm, and when each happens: drawn from a seed, so that it can be repeated."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from store.chaos.proxies.fault_rule import Effect
from store.chaos.proxies.points import POINTS


class FaultKind(StrEnum):
    """What goes wrong; `subject` then names a process, a point, or a misbehaviour of the gateway."""

    KILL = "kill -9"
    KILL_CHILD = "kill -9 of a child"  # gunicorn's worker, one backend of PostgreSQL
    KILL_AT = "kill -9 at a point"
    DISTURB_AT = "another effect at a point"
    STALL = "stall"
    RESTART = "restart"
    GATEWAY = "gateway misbehaves"


@dataclass(frozen=True)
class InjectedFault:
    """One fault: `at` seconds after the storm began, for `seconds`."""

    at: float
    kind: FaultKind
    subject: str
    seconds: float = 0.0
    effect: Effect = Effect.KILL


@dataclass(frozen=True)
class FaultProfile:
    """How many faults of each kind there are, over so many seconds."""

    seconds: float
    kills: int
    stalls: int
    restarts: int
    effects: int
    misbehaviours: int

    @classmethod
    def of(cls, seconds: float, kills: int) -> Self:
        """The usual mix around a number of kills."""
        some = max(1, kills // 5)
        return cls(
            seconds, kills, stalls=some, restarts=some, effects=2 * some, misbehaviours=2 * some
        )


OTHER_KINDS = frozenset({FaultKind.DISTURB_AT, FaultKind.GATEWAY})
# A caller of the gateway waits 6 s for an answer, a lease lasts 30 s: some stalls outlast both.
STALLS = (0.5, 2.0, 8.0, 33.0)
WITH_CHILDREN = ("orders-1", "orders-2", "orders-3", "gateway", "inventory", "users", "postgres")
GATEWAY_FAULTS = (
    "delay", "error_500", "error_500_after_work", "drop_before_work", "drop_after_work",
    "rate_limit", "webhook_twice", "webhook_out_of_order", "webhook_delay",
)  # fmt: skip
EFFECTS = (Effect.DROP, Effect.DELAY, Effect.TWICE, Effect.DOWN)
BEFORE = tuple(point for point in POINTS if point.endswith(".before"))


def draw_faults(seed: int, profile: FaultProfile, processes: Sequence[str]) -> list[InjectedFault]:
    """All of a storm, by time. Every process is killed about as often as any other."""
    chance = random.Random(f"storm {seed}")  # noqa: S311 - no secret
    drawn = [
        *_kills(chance, profile.kills, processes),
        *_stalls(chance, profile.stalls, processes),
        *(_one(chance, FaultKind.RESTART, processes) for _ in range(profile.restarts)),
        *(_effect_at_a_point(chance) for _ in range(profile.effects)),
        *(_one(chance, FaultKind.GATEWAY, GATEWAY_FAULTS) for _ in range(profile.misbehaviours)),
    ]
    return _by_time(chance, profile, drawn)


def draw_faults_from_outside(
    seed: int, profile: FaultProfile, processes: Sequence[str]
) -> list[InjectedFault]:
    """All of a storm over targets whose children nobody sees and whose calls pass no proxy."""
    chance = random.Random(f"storm from outside {seed}")  # noqa: S311 - no secret
    turns = _in_turn(chance, processes)
    drawn = [
        *(
            InjectedFault(0.0, FaultKind.KILL, next(turns), chance.uniform(0.0, 2.0))
            for _ in range(profile.kills)
        ),
        *_stalls(chance, profile.stalls, processes),
        *(_one(chance, FaultKind.RESTART, processes) for _ in range(profile.restarts)),
        *(_one(chance, FaultKind.GATEWAY, GATEWAY_FAULTS) for _ in range(profile.misbehaviours)),
    ]
    return _by_time(chance, profile, drawn)


def kills_at(points: Sequence[str], number: int, seconds: float) -> list[InjectedFault]:
    """So many kills exactly at these points, in turn and evenly spread over the first half."""
    turns = itertools.islice(itertools.cycle(points), number)
    return [
        InjectedFault(seconds / 2 * position / number, FaultKind.KILL_AT, point)
        for position, point in enumerate(turns)
    ]


def _kills(chance: random.Random, number: int, processes: Sequence[str]) -> Iterator[InjectedFault]:
    """Half at any moment, a third exactly at a point, the rest of a child only."""
    turns = _in_turn(chance, processes)
    for drawn in range(number):
        if drawn % 6 in (1, 3):
            yield _one(chance, FaultKind.KILL_AT, POINTS)
        elif drawn % 6 == 5:
            yield _one(chance, FaultKind.KILL_CHILD, WITH_CHILDREN)
        else:
            yield InjectedFault(0.0, FaultKind.KILL, next(turns), chance.uniform(0.0, 2.0))


def _stalls(
    chance: random.Random, number: int, processes: Sequence[str]
) -> Iterator[InjectedFault]:
    turns = _in_turn(chance, processes)
    for drawn in range(number):
        yield InjectedFault(0.0, FaultKind.STALL, next(turns), STALLS[drawn % len(STALLS)])


def _one(chance: random.Random, kind: FaultKind, among: Sequence[str]) -> InjectedFault:
    return InjectedFault(0.0, kind, chance.choice(among), chance.uniform(0.0, 2.0))


def _effect_at_a_point(chance: random.Random) -> InjectedFault:
    effect = chance.choice(EFFECTS)
    points = BEFORE if effect is Effect.DOWN else POINTS
    return InjectedFault(0.0, FaultKind.DISTURB_AT, chance.choice(points), 0.0, effect)


def _in_turn(chance: random.Random, among: Sequence[str]) -> Iterator[str]:
    while True:
        yield from chance.sample(among, len(among))


def _by_time(
    chance: random.Random, profile: FaultProfile, drawn: Sequence[InjectedFault]
) -> list[InjectedFault]:
    # What lasts long begins early, so that it has ended when the storm has.
    timed = [
        replace(each, at=chance.uniform(0.0, max(0.0, profile.seconds - each.seconds)))
        for each in drawn
    ]
    return sorted(timed, key=lambda each: each.at)
