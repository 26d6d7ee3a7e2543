"""Trials under traffic: the storm, a kill at every point, and the rolling restart."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.chaos.faults import OTHER_KINDS, FaultKind, FaultProfile, InjectedFault, kills_at
from store.chaos.injector import FaultInjector
from store.chaos.proxies.points import POINTS
from store.chaos.rolling_restart import RollingRestart
from store.chaos.testbed import Testbed
from store.chaos.trial import ShowProgress, Trial
from store.chaos.verdict import Verdict
from store.loadtest.load.plan import Plan
from store.loadtest.load.traffic import Traffic

HOT_UNITS = 30  # few enough that some buyers are told `out_of_stock`
OTHER_SKUS, PLENTY = 8, 1_000_000


@dataclass(frozen=True)
class StormSize:
    """How many journeys, how many begin a second, how many kills, seconds until all is quiescent."""

    journeys: int
    rate: float
    kills: int
    quiet_seconds: float

    @property
    def seconds(self) -> float:
        """How long buyers arrive."""
        return self.journeys / self.rate


def storm(
    testbed: Testbed, seed: int, size: StormSize, at: Sequence[str], show_progress: ShowProgress
) -> Verdict:
    """Kills, stalls, restarts and misbehaviour at random, or kills exactly at the points `at`."""
    if at:
        faults: Sequence[InjectedFault] = kills_at(at, size.kills, size.seconds)
    else:
        faults = testbed.draw_faults(seed, FaultProfile.of(size.seconds, size.kills))
    injector, trial = FaultInjector(testbed, faults), Trial(testbed, size.quiet_seconds)
    result = trial.run(traffic_of(testbed, seed, size), injector.run, show_progress)
    injected = injector.injected
    facts = {
        "seed": str(seed),
        **result.facts,
        "at a step": f"{sum(injector.points_hit.values())}",
        "stalls": f"{injected[FaultKind.STALL]}",
        "restarts": f"{injected[FaultKind.RESTART]}",
        "other faults": f"{sum(injected[kind] for kind in OTHER_KINDS)}",
    }
    return Verdict("storm", facts, [*trial.wrongs(result)])


def steps(testbed: Testbed, seed: int, size: StormSize, show_progress: ShowProgress) -> Verdict:
    """A kill exactly at every named point, each of which some call must pass."""
    faults = kills_at(POINTS, len(POINTS), size.seconds)
    injector = FaultInjector(testbed, faults, rule_seconds=size.seconds)
    trial = Trial(testbed, size.quiet_seconds)
    result = trial.run(traffic_of(testbed, seed, size), injector.run, show_progress)
    hit = injector.points_hit
    facts = {"seed": str(seed), **result.facts, "points met": f"{len(hit)}"}
    missed = [f"nobody passed {point}: let more buyers come" for point in POINTS if not hit[point]]
    return Verdict("steps", facts, [*missed, *trial.wrongs(result)])


def rolling(testbed: Testbed, seed: int, size: StormSize, show_progress: ShowProgress) -> Verdict:
    """Every process restarts in order while buyers come and go, and no buyer notices."""
    traffic, trial = traffic_of(testbed, seed, size), Trial(testbed, size.quiet_seconds)
    restart = RollingRestart(testbed)
    result = trial.run(traffic, restart.run, show_progress)
    facts = {"seed": str(seed), **result.facts, "restarts": f"{restart.restarts}"}
    return Verdict("rolling", facts, [*trial.wrongs(result)])


def traffic_of(testbed: Testbed, seed: int, size: StormSize) -> Traffic:
    """Buyers of products of our own, one SKU of which is scarce."""
    others = tuple(testbed.put_on_sale(f"OTHER-{each}", PLENTY).sku for each in range(OTHER_SKUS))
    hot = testbed.put_on_sale(f"HOT-{seed}", HOT_UNITS).sku
    plan = Plan(seed, size.rate, size.journeys, skus=(*others, hot), hot_sku=hot)
    return Traffic(testbed.api, testbed.target, plan)
