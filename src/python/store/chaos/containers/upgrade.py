"""An upgrade under load: there, back, one that fails, there again, and a restart of all."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from store.chaos.containers.alert_watch import AlertWatch, SeenAlert
from store.chaos.containers.cluster import Cluster
from store.chaos.containers.fast_clock import with_fast_prometheus
from store.chaos.containers.helm_release import HelmRelease, UpgradeStopped
from store.chaos.containers.pods import RunningPod
from store.chaos.containers.slowness import is_borne_out
from store.chaos.containers.store import ContainerStore
from store.chaos.containers.testbed import READY_SECONDS, ContainerTestbed
from store.chaos.containers.upgrade_orders import NEXT, PREVIOUS, OrdersByRelease
from store.chaos.containers.values import NAMESPACE, RELEASE, values
from store.chaos.storms import StormSize, traffic_of
from store.chaos.trial import Trial, TrialResult
from store.chaos.verdict import Verdict
from store.charttest import helm
from store.charttest.objects import Objects
from store.loadtest.load.traffic import Traffic
from store.server.clock import now

SCRAPED_SECONDS = 60.0
STALLED_WORKER = "orders-work"
MAX_SECONDS = 3600.0  # buyers come until the last step is done
BOTH = frozenset({PREVIOUS, NEXT})
Say = Callable[[str], None]


@dataclass(frozen=True)
class Tags:
    """The images of a release, of the one that follows, and of one whose migration fails."""

    before: str
    after: str
    broken: str


@dataclass(frozen=True)
class UpgradeStep:
    """A step of the upgrade path: which releases may take orders during it, and which did."""

    name: str
    takers: frozenset[str]
    began: datetime
    ended: datetime
    placed: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        return (self.ended - self.began).total_seconds()

    def wrong(self) -> str:
        """A sentence if others than those took orders, or nobody; else "".

        While both are there one of them may take all: connections that are open stay where they are.
        """
        if self.placed and self.placed.keys() <= self.takers:
            return ""
        took = ", ".join(sorted(self.placed)) or "nobody"
        return f"{self.name}: orders were taken by {took}, not by {', '.join(sorted(self.takers))}"


class _UnsupervisedStore(ContainerStore):
    """A store whose pods come and go: none that has left in order is to be started again."""

    @property
    def targets(self) -> Mapping[str, RunningPod]:
        return {}


@dataclass(frozen=True)
class UpgradeReport:
    """The verdict, the orders of each step, and the alerts."""

    verdict: Verdict
    steps: Sequence[UpgradeStep]
    fired: Sequence[SeenAlert]
    pending: Sequence[SeenAlert]
    borne_out: Sequence[SeenAlert]
    """Those that fired because buyers did wait: for them the machine is too slow."""


class UpgradeTestbed(ContainerTestbed):
    """Starts the release before; `release` is what helm would change.

    The release's Prometheus, whose clock runs `factor` times as fast, is asked by `alerts`.
    """

    def __init__(self, cluster: Cluster, tags: Tags, factor: float, say: Say) -> None:
        self.factor = factor
        super().__init__(cluster, tags.before, say)
        self.cluster, self.release = cluster, HelmRelease(cluster, self.objects)
        self.alerts = AlertWatch(cluster, self.objects, factor)

    def revision(self, tag: str) -> Objects:
        """The chart as an upgrade to these images."""
        chart_values = values(tag, self.cluster.network.host, self.subscriber.port)
        found = helm.render(chart_values, release=RELEASE, namespace=NAMESPACE, is_upgrade=True)
        return with_fast_prometheus(found, self.factor)

    def _start(self, opened: ExitStack) -> ContainerStore:
        super()._start(opened)
        self.alerts.wait_until_all_are_scraped(SCRAPED_SECONDS)
        return _UnsupervisedStore(self.cluster)

    def _rendered(self) -> Objects:
        return with_fast_prometheus(super()._rendered(), self.factor)


class UpgradePath:
    """From the release before to the next one and back, once in vain, once more, and all of it anew."""

    def __init__(self, testbed: UpgradeTestbed, tags: Tags, rest: float, say: Say) -> None:
        self._testbed, self._tags, self._rest, self._say = testbed, tags, rest, say
        self._release = testbed.release
        self.steps: list[UpgradeStep] = []
        self.wrongs: list[str] = []
        self.ended = 0.0
        """When the last step was over, on the monotonic clock."""

    def run(self, traffic: Traffic) -> None:
        """All of it, one step after the other; no further buyers come after that."""
        try:
            for name, takers, action in self._plan():
                self._say(name)
                began = now()
                action()
                self.steps.append(UpgradeStep(name, frozenset(takers), began, now()))
        finally:
            self.ended = time.monotonic()
            traffic.stop()

    def counted_steps(self) -> Sequence[UpgradeStep]:
        """The steps with the orders that were taken during each."""
        orders = OrdersByRelease(self._testbed.orders_database)
        return [replace(step, placed=orders.placed(step.began, step.ended)) for step in self.steps]

    def _plan(self) -> Iterator[tuple[str, frozenset[str], Callable[[], None]]]:
        before, after = frozenset({PREVIOUS}), frozenset({NEXT})
        yield "the release before serves", before, self._serve
        yield "upgrade", BOTH, self._upgrade
        yield "the next release serves", after, self._serve
        yield "rollback", BOTH, self._roll_back
        yield "the release before serves again", before, self._serve
        yield "an upgrade whose migration fails", before, self._fail
        yield "the release before serves on", before, self._serve
        yield "upgrade again", BOTH, self._upgrade
        yield "the next release serves on", after, self._serve
        yield "all is restarted", after, self._restart
        yield "the next release serves after that", after, self._serve

    def _serve(self) -> None:
        time.sleep(self._rest)

    def _upgrade(self) -> None:
        with self._nothing_else_restarted("the upgrade"):
            self._release.upgrade(self._testbed.revision(self._tags.after))

    def _roll_back(self) -> None:
        with self._nothing_else_restarted("the rollback"):
            self._release.roll_back(self._testbed.objects)

    def _restart(self) -> None:
        """Every process that serves at once, while Prometheus is away and does not see who leaves."""
        cluster, prometheus = self._testbed.cluster, self._testbed.alerts.pod
        cluster.stop_pod(prometheus)
        self._release.restart("Deployment")
        cluster.wait_until_ready(READY_SECONDS, [cluster.start_pod(prometheus.template.owner)])

    @contextmanager
    def _nothing_else_restarted(self, what: str) -> Iterator[None]:
        """Within the block, record a wrong for each database and Prometheus that is restarted."""
        before = self._pods_of_sets()
        yield
        for name, _ in sorted(before.items() - self._pods_of_sets().items()):
            self.wrongs.append(f"{what} has restarted {name}")

    def _pods_of_sets(self) -> dict[str, str]:
        pods = self._testbed.cluster.pods
        return {pod.name: pod.address for pod in pods if pod.template.owner.kind == "StatefulSet"}

    def _fail(self) -> None:
        pods = [(pod.name, pod.lives) for pod in self._testbed.cluster.pods]
        try:
            self._release.upgrade(self._testbed.revision(self._tags.broken))
        except UpgradeStopped as stopped:
            self._say(f"it is stopped: {stopped}")
        else:
            self.wrongs.append("the migration that fails did not stop the upgrade")
        if [(pod.name, pod.lives) for pod in self._testbed.cluster.pods] != pods:
            self.wrongs.append("the upgrade that was stopped has touched pods that serve")
        if OrdersByRelease(self._testbed.orders_database).has_half_a_migration():
            self.wrongs.append("the migration that failed has left something behind")


def run_upgrade(
    testbed: UpgradeTestbed, tags: Tags, rate: float, rest: float, calm: float, say: Say
) -> UpgradeReport:
    """Take the upgrade path under load, and compare the alerts that fired with what happened."""
    size = StormSize(round(rate * MAX_SECONDS), rate, 0, calm)
    traffic, trial = traffic_of(testbed, 1, size), Trial(testbed, calm)
    path = UpgradePath(testbed, tags, rest, say)
    result = trial.run(traffic, lambda: path.run(traffic), lambda _: None)
    steps = path.counted_steps()
    taken_over = OrdersByRelease(testbed.orders_database).taken_over()
    wrongs = [*trial.wrongs(result), *path.wrongs, *_wrongs(steps, taken_over, testbed.cluster)]
    alerts = testbed.alerts
    say("what the last restart has left behind may still fire")
    time.sleep(max(0.0, alerts.alert_seconds - (time.monotonic() - path.ended)))
    fired, pending = alerts.seen("firing"), alerts.seen("pending")
    measured = result.recorder.measured
    borne_out = [each for each in fired if is_borne_out(each.name, measured, testbed.factor)]
    wrongs += [f"{each} fired" for each in fired if each not in borne_out]
    wrongs += alerts.gaps()
    say(f"{STALLED_WORKER} is stalled: an alert has to fire")
    wrongs += alerts.missed_stall(testbed.cluster.pods_of(f"{RELEASE}-{STALLED_WORKER}")[0])
    facts = {
        **_facts(result, steps, taken_over),
        "pods scraped": f"{len({pod.address for pod in testbed.cluster.all_pods} & alerts.scraped()):,}",
        "alerts": f"{sum(alert.series for alert in fired):,}",
    }
    return UpgradeReport(Verdict("upgrade", facts, wrongs), steps, fired, pending, borne_out)


def _facts(result: TrialResult, steps: Sequence[UpgradeStep], taken_over: int) -> Mapping[str, str]:
    placed = sum((step.placed for step in steps), Counter[str]())
    shown = ("orders", "confirmed", "rejected", "cancelled", "retries", "events", "quiet after")
    requests = sum(each.attempts for each in result.recorder.measured.values())
    return {
        "journeys": f"{result.recorder.finished:,}",
        "requests": f"{requests:,}",
        **{name: result.facts[name] for name in shown},
        **{f"taken by {release}": f"{placed[release]:,}" for release in (PREVIOUS, NEXT)},
        "taken over": f"{taken_over:,}",
    }


def _wrongs(steps: Sequence[UpgradeStep], taken_over: int, cluster: Cluster) -> Iterator[str]:
    yield from filter(None, (step.wrong() for step in steps))
    if not any(step.placed.keys() == BOTH for step in steps):
        yield "in no step did both releases take orders"
    if not taken_over:
        yield "no order of the release before was continued by the next one"
    yield from cluster.misbehaviours()
