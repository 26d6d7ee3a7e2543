"""Trials under traffic: the storm, a kill at every step, and the rolling restart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from store.chaos.faults import OTHER_HARM, Kind, Mishap, Weather, kills_at
from store.chaos.injector import Wrecker
from store.chaos.proxies.points import POINTS
from store.chaos.rolling import Roll
from store.chaos.testbed import Ground
from store.chaos.trial import Shown, Trial
from store.chaos.verdict import Verdict
from store.loadtest.load.plan import Plan
from store.loadtest.load.traffic import Traffic

HOT_UNITS = 30  # few enough that some buyers are told `out_of_stock`
OTHER_SKUS, PLENTY = 8, 1_000_000


@dataclass(frozen=True)
class Size:
    """How many journeys, how many begin a second, how many kills, how long until all is calm."""

    journeys: int
    rate: float
    kills: int
    calm_seconds: float

    @property
    def seconds(self) -> float:
        """How long buyers arrive."""
        return self.journeys / self.rate


def storm(ground: Ground, seed: int, size: Size, at: Sequence[str], shown: Shown) -> Verdict:
    """Kills, stalls, restarts and misbehaviour at random, or kills exactly at the points `at`."""
    if at:
        planned = kills_at(at, size.kills, size.seconds)
    else:
        planned = [*ground.mishaps(seed, Weather.of(size.seconds, size.kills))]
    wrecker, trial = Wrecker(ground, planned), Trial(ground, size.calm_seconds)
    after = trial.run(traffic_of(ground, seed, size), wrecker.wreak, shown)
    facts = {"seed": str(seed), **after.facts, **_harm(wrecker)}
    return Verdict("storm", facts, [*trial.wrongs(after)])


def steps(ground: Ground, seed: int, size: Size, shown: Shown) -> Verdict:
    """A kill exactly at every named point, each of which must be passed by somebody."""
    planned = kills_at(POINTS, len(POINTS), size.seconds)
    wrecker = Wrecker(ground, planned, patience=size.seconds)
    trial = Trial(ground, size.calm_seconds)
    after = trial.run(traffic_of(ground, seed, size), wrecker.wreak, shown)
    facts = {"seed": str(seed), **after.facts, "points met": f"{len(wrecker.met)}"}
    return Verdict("steps", facts, [*_not_met(planned, wrecker), *trial.wrongs(after)])


def rolling(ground: Ground, seed: int, size: Size, shown: Shown) -> Verdict:
    """Every process restarts in order while buyers come and go, and none of them notices."""
    traffic, trial = traffic_of(ground, seed, size), Trial(ground, size.calm_seconds)
    roll = Roll(ground)
    after = trial.run(traffic, roll.around, shown)
    facts = {"seed": str(seed), **after.facts, "restarts": f"{roll.restarts}"}
    return Verdict("rolling", facts, [*trial.wrongs(after)])


def traffic_of(ground: Ground, seed: int, size: Size) -> Traffic:
    """Buyers of goods of our own, one SKU of which is scarce."""
    others = tuple(ground.goods(f"OTHER-{each}", PLENTY).sku for each in range(OTHER_SKUS))
    hot = ground.goods(f"HOT-{seed}", HOT_UNITS).sku
    plan = Plan(seed, size.rate, size.journeys, skus=(*others, hot), hot_sku=hot)
    return Traffic(ground.api, ground.target, plan)


def _harm(wrecker: Wrecker) -> Mapping[str, str]:
    done = wrecker.harm
    return {
        "at a step": f"{sum(wrecker.met.values())}",
        "stalls": f"{done[Kind.STALL]}",
        "restarts": f"{done[Kind.RESTART]}",
        "other harm": f"{sum(done[kind] for kind in OTHER_HARM)}",
    }


def _not_met(planned: Sequence[Mishap], wrecker: Wrecker) -> Iterator[str]:
    for mishap in planned:
        if not wrecker.met[mishap.what]:
            yield f"nobody passed {mishap.what}: let more buyers come"
