"""The proof in containers: everything of a release is used once, and then it is broken."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.connections import Roads
from store.chaos.containers.memory import Meter
from store.chaos.containers.testbed import ContainerGround
from store.chaos.containers.usage import Measured, measure
from store.chaos.containers.values import NAMESPACE
from store.chaos.storms import Size, storm, traffic_of
from store.chaos.trial import Shown
from store.chaos.verdict import Verdict
from store.charttest.network import Network


@dataclass(frozen=True)
class Wanted:
    """What is to be done: how hard, by which seed, and whether to measure before."""

    seed: int
    size: Size
    idle_seconds: float = 0.0


class Trying:
    """One run in one cluster."""

    def __init__(
        self, cluster: Cluster, ground: ContainerGround, say: Callable[[str], None]
    ) -> None:
        self._cluster, self._ground, self._say = cluster, ground, say
        self._meter = Meter(cluster)
        self._roads = Roads(cluster, Network.of(ground.objects, NAMESPACE))
        self.measured: Measured | None = None

    def run(self, wanted: Wanted, shown: Shown) -> Verdict:
        """The verdict over a storm with all that was done before and after it."""
        with ExitStack() as watching:
            watching.enter_context(self._roads.watched())
            watching.enter_context(self._meter.running())
            self._use_once("Pod", "the chart's test places an order")
            self._say("a subscriber gets a test message")
            untold = self._ground.try_subscriber()
            if wanted.idle_seconds:
                self.measured = self._measured(wanted, shown)
            verdict = storm(self._ground, wanted.seed, wanted.size, (), shown)
            self._cluster.wait_until_ready(wanted.size.calm_seconds)
            self._use_once("CronJob", "every CronJob of the chart runs")
        facts = {**verdict.facts, "roads": f"{len(self._roads.taken())}"}
        del facts["at a step"]  # nobody can wait for a container's calls
        wrongs = [f"a test message did not arrive: {untold}"] if untold else []
        return replace(verdict, facts=facts, wrongs=[*verdict.wrongs, *wrongs, *self._wrongs()])

    def _use_once(self, kind: str, what: str) -> None:
        """Run what the chart has besides the pods that serve."""
        self._say(what)
        for each in self._ground.objects.of(kind):
            if not each.spec.get("suspend"):
                self._cluster.run(each)

    def _measured(self, wanted: Wanted, shown: Shown) -> Measured:
        self._say(f"measuring {wanted.idle_seconds:.0f} s of rest, and then the load")
        traffic = traffic_of(self._ground, wanted.seed, wanted.size)
        traffic.prepare()
        return measure(self._cluster, self._meter, wanted.idle_seconds, lambda: traffic.run(shown))

    def _wrongs(self) -> Iterator[str]:
        yield from self._roads.closed()
        for name, times in self._ground.watch.ended_by_themselves.items():
            yield f"{name} ended by itself, {times} times"
        for pod in self._cluster.known:
            if pod.overstayed:
                yield f"{pod.name} did not end within its grace"
            for killing in pod.killings:
                yield f"Kubernetes would have killed {pod.name}: {killing}"
