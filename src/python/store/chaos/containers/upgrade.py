"""An upgrade under load: there, back, one that fails, there again, and a restart of all, while buyers come and go."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from store.chaos.containers.alert_watch import AlertWatch, SeenAlert
from store.chaos.containers.cluster import Cluster
from store.chaos.containers.fast_clock import with_fast_prometheus
from store.chaos.containers.helm_release import Release, UpgradeStopped
from store.chaos.containers.pods import RunningPod
from store.chaos.containers.slowness import is_borne_out
from store.chaos.containers.store import ContainerStore
from store.chaos.containers.testbed import READY_SECONDS, ContainerGround
from store.chaos.containers.upgrade_orders import NEXT, PREVIOUS, Orders
from store.chaos.containers.values import NAMESPACE, RELEASE, values
from store.chaos.storms import Size, traffic_of
from store.chaos.trial import Aftermath, Trial
from store.chaos.verdict import Verdict
from store.charttest import helm
from store.charttest.objects import Objects
from store.loadtest.load.traffic import Traffic
from store.server.clock import now

SCRAPED_SECONDS = 60.0
HELD_STILL = "orders-work"
LONGER_THAN_IT_TAKES = 3600.0  # seconds: buyers come until the last step is done
BOTH = frozenset({PREVIOUS, NEXT})
Say = Callable[[str], None]


@dataclass(frozen=True)
class Tags:
    """The images of a release, of the one that follows, and of one whose migration fails."""

    before: str
    after: str
    broken: str


@dataclass(frozen=True)
class Step:
    """A part of the walk: which releases may take orders during it, and which did."""

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


class _Unwatched(ContainerStore):
    """A store whose pods come and go: nobody shall bring one back that has left in order."""

    @property
    def victims(self) -> Mapping[str, RunningPod]:
        return {}


@dataclass(frozen=True)
class Upgraded:
    """What came of all of it, of each step, and which alerts there were."""

    verdict: Verdict
    steps: Sequence[Step]
    fired: Sequence[SeenAlert]
    pending: Sequence[SeenAlert]
    borne_out: Sequence[SeenAlert]
    """Those that fired because buyers did wait: for them the machine is too slow."""


class UpgradeGround(ContainerGround):
    """Starts the release before; `release` is what helm would change.

    The release's Prometheus, whose clock runs `factor` times as fast, is asked by `alerts`.
    """

    def __init__(self, cluster: Cluster, tags: Tags, factor: float, say: Say) -> None:
        self.factor = factor
        super().__init__(cluster, tags.before, say)
        self.cluster, self.release = cluster, Release(cluster, self.objects)
        self.alerts = AlertWatch(cluster, self.objects, factor)

    def revision(self, tag: str) -> Objects:
        """The chart as an upgrade to these images."""
        wanted = values(tag, self.cluster.network.host, self.subscriber.port)
        found = helm.render(wanted, release=RELEASE, namespace=NAMESPACE, is_upgrade=True)
        return with_fast_prometheus(found, self.factor)

    def _start(self, opened: ExitStack) -> ContainerStore:
        super()._start(opened)
        self.alerts.wait_until_all_are_scraped(SCRAPED_SECONDS)
        return _Unwatched(self.cluster)

    def _rendered(self) -> Objects:
        return with_fast_prometheus(super()._rendered(), self.factor)


class Walk:
    """From the release before to the next one and back, once in vain, once more, and all of it anew."""

    def __init__(self, ground: UpgradeGround, tags: Tags, rest: float, say: Say) -> None:
        self._ground, self._tags, self._rest, self._say = ground, tags, rest, say
        self._release = ground.release
        self.steps: list[Step] = []
        self.wrongs: list[str] = []
        self.ended = 0.0
        """When the last step was over, on the monotonic clock."""

    def walk(self, traffic: Traffic) -> None:
        """All of it, one step after the other; no further buyers come after that."""
        try:
            for name, takers, deed in self._plan():
                self._say(name)
                began = now()
                deed()
                self.steps.append(Step(name, frozenset(takers), began, now()))
        finally:
            self.ended = time.monotonic()
            traffic.stop()

    def judged(self) -> Sequence[Step]:
        """The steps with the orders that were taken during each."""
        orders = Orders(self._ground.orders_database)
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
            self._release.upgrade(self._ground.revision(self._tags.after))

    def _roll_back(self) -> None:
        with self._nothing_else_restarted("the rollback"):
            self._release.roll_back(self._ground.objects)

    def _restart(self) -> None:
        """Every process that serves at once, while Prometheus is away and does not see who leaves."""
        cluster, prometheus = self._ground.cluster, self._ground.alerts.pod
        cluster.stop_pod(prometheus)
        self._release.restart("Deployment")
        cluster.wait_until_ready(READY_SECONDS, [cluster.start_pod(prometheus.template.owner)])

    @contextmanager
    def _nothing_else_restarted(self, what: str) -> Iterator[None]:
        """Neither a database nor Prometheus is, within the block."""
        before = self._pods_of_sets()
        yield
        for name, _ in sorted(before.items() - self._pods_of_sets().items()):
            self.wrongs.append(f"{what} has restarted {name}")

    def _pods_of_sets(self) -> dict[str, str]:
        pods = self._ground.cluster.pods
        return {pod.name: pod.address for pod in pods if pod.template.owner.kind == "StatefulSet"}

    def _fail(self) -> None:
        pods = [(pod.name, pod.lives) for pod in self._ground.cluster.pods]
        try:
            self._release.upgrade(self._ground.revision(self._tags.broken))
        except UpgradeStopped as stopped:
            self._say(f"it is stopped: {stopped}")
        else:
            self.wrongs.append("the migration that fails did not stop the upgrade")
        if [(pod.name, pod.lives) for pod in self._ground.cluster.pods] != pods:
            self.wrongs.append("the upgrade that was stopped has touched pods that serve")
        if Orders(self._ground.orders_database).has_half_a_migration():
            self.wrongs.append("the migration that failed has left something behind")


def upgrading(
    ground: UpgradeGround, tags: Tags, rate: float, rest: float, calm: float, say: Say
) -> Upgraded:
    """Walk under load, and look what Prometheus made of it."""
    size = Size(round(rate * LONGER_THAN_IT_TAKES), rate, 0, calm)
    traffic, trial = traffic_of(ground, 1, size), Trial(ground, calm)
    walk = Walk(ground, tags, rest, say)
    after = trial.run(traffic, lambda: walk.walk(traffic), lambda _: None)
    steps = walk.judged()
    taken_over = Orders(ground.orders_database).taken_over()
    wrongs = [*trial.wrongs(after), *walk.wrongs, *_wrongs(steps, taken_over, ground.cluster)]
    alerts = ground.alerts
    say("what the last restart has left behind may still fire")
    time.sleep(max(0.0, alerts.alert_seconds - (time.monotonic() - walk.ended)))
    fired, pending = alerts.seen("firing"), alerts.seen("pending")
    measured = after.recorder.measured
    borne_out = [each for each in fired if is_borne_out(each.name, measured, ground.factor)]
    wrongs += [f"{each} fired" for each in fired if each not in borne_out]
    wrongs += alerts.blindness()
    say(f"{HELD_STILL} is held still: Prometheus must see that")
    wrongs += alerts.blind_to(ground.cluster.pods_of(f"{RELEASE}-{HELD_STILL}")[0])
    facts = {**_facts(after, steps, taken_over), **_seen(alerts, ground.cluster, fired)}
    return Upgraded(Verdict("upgrade", facts, wrongs), steps, fired, pending, borne_out)


def _seen(alerts: AlertWatch, cluster: Cluster, fired: Sequence[SeenAlert]) -> Mapping[str, str]:
    known = {pod.address for pod in cluster.known}
    return {
        "pods scraped": f"{len(known & alerts.scraped()):,}",
        "alerts": f"{sum(alert.series for alert in fired):,}",
    }


def _facts(after: Aftermath, steps: Sequence[Step], taken_over: int) -> Mapping[str, str]:
    placed = sum((step.placed for step in steps), Counter[str]())
    shown = ("orders", "confirmed", "rejected", "cancelled", "retries", "events", "calm after")
    requests = sum(each.attempts for each in after.recorder.measured.values())
    return {
        "journeys": f"{after.recorder.finished:,}",
        "requests": f"{requests:,}",
        **{name: after.facts[name] for name in shown},
        **{f"taken by {release}": f"{placed[release]:,}" for release in (PREVIOUS, NEXT)},
        "taken over": f"{taken_over:,}",
    }


def _wrongs(steps: Sequence[Step], taken_over: int, cluster: Cluster) -> Iterator[str]:
    yield from filter(None, (step.wrong() for step in steps))
    if not any(step.placed.keys() == BOTH for step in steps):
        yield "in no step did both releases take orders"
    if not taken_over:
        yield "no order of the release before was gone on with by the next one"
    for pod in cluster.known:
        if pod.overstayed:
            yield f"{pod.name} did not end within its grace"
        for killing in pod.killings:
            yield f"Kubernetes would have killed {pod.name}: {killing}"
