"""An upgrade under load: there, back, one that fails, and there again, while buyers come and go."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

from store.proof.containers.cluster import Cluster
from store.proof.containers.ground import ContainerGround
from store.proof.containers.pods import RunningPod
from store.proof.containers.releasing import Release, UpgradeStopped
from store.proof.containers.store import ContainerStore
from store.proof.containers.upgrade_orders import NEXT, PREVIOUS, Orders
from store.proof.containers.values import NAMESPACE, RELEASE, values
from store.proof.faults.storms import Size, traffic_of
from store.proof.faults.trial import Aftermath, Trial
from store.proof.faults.verdict import Verdict
from store.proof.load.traffic import Traffic
from store.release import helm
from store.release.objects import Objects
from store.server.clock import now

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
    """A part of the walk: which releases have to take orders during it, and which did."""

    name: str
    takers: frozenset[str]
    began: datetime
    ended: datetime
    placed: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        return (self.ended - self.began).total_seconds()

    def wrong(self) -> str:
        """A sentence if others than those took orders; else ""."""
        if set(self.placed) == self.takers:
            return ""
        took = ", ".join(sorted(self.placed)) or "nobody"
        return f"{self.name}: orders were taken by {took}, not by {', '.join(sorted(self.takers))}"


class _Unwatched(ContainerStore):
    """A store whose pods come and go: nobody shall bring one back that has left in order."""

    @property
    def victims(self) -> Mapping[str, RunningPod]:
        return {}


class UpgradeGround(ContainerGround):
    """Starts the release before; `release` is what helm would change."""

    def __init__(self, cluster: Cluster, tags: Tags, say: Say) -> None:
        super().__init__(cluster, tags.before, say)
        self.cluster, self.release = cluster, Release(cluster, self.objects)

    def revision(self, tag: str) -> Objects:
        """The chart as an upgrade to these images."""
        wanted = values(tag, self.cluster.network.host, self.subscriber.port)
        return helm.render(wanted, release=RELEASE, namespace=NAMESPACE, is_upgrade=True)

    def find_databases(self) -> None:
        """Learn where the databases are now: pods that were replaced have other addresses."""
        self.store = _Unwatched(self.cluster)

    def _start(self, opened: ExitStack) -> ContainerStore:
        super()._start(opened)
        return _Unwatched(self.cluster)


class Walk:
    """From the release before to the next one and back, once in vain, and once more."""

    def __init__(self, ground: UpgradeGround, tags: Tags, rest: float, say: Say) -> None:
        self._ground, self._tags, self._rest, self._say = ground, tags, rest, say
        self._release = ground.release
        self.steps: list[Step] = []
        self.wrongs: list[str] = []

    def walk(self, traffic: Traffic) -> None:
        """All of it, one step after the other; no further buyers come after that."""
        try:
            for name, takers, deed in self._plan():
                self._say(name)
                began = now()
                deed()
                self._ground.find_databases()
                self.steps.append(Step(name, frozenset(takers), began, now()))
        finally:
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

    def _serve(self) -> None:
        time.sleep(self._rest)

    def _upgrade(self) -> None:
        self._release.upgrade(self._ground.revision(self._tags.after))

    def _roll_back(self) -> None:
        self._release.roll_back(self._ground.objects)

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
) -> tuple[Verdict, Sequence[Step]]:
    """Walk under load: what came of it, and of each step."""
    size = Size(round(rate * LONGER_THAN_IT_TAKES), rate, 0, calm)
    traffic, trial = traffic_of(ground, 1, size), Trial(ground, calm)
    walk = Walk(ground, tags, rest, say)
    after = trial.run(traffic, lambda: walk.walk(traffic), lambda _: None)
    steps = walk.judged()
    taken_over = Orders(ground.orders_database).taken_over()
    wrongs = [*trial.wrongs(after), *walk.wrongs, *_wrongs(steps, taken_over, ground.cluster)]
    return Verdict("upgrade", _facts(after, steps, taken_over), wrongs), steps


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
    if not taken_over:
        yield "no order of the release before was gone on with by the next one"
    for pod in cluster.known:
        if pod.overstayed:
            yield f"{pod.name} did not end within its grace"
        for killing in pod.killings:
            yield f"Kubernetes would have killed {pod.name}: {killing}"
