"""The trial in containers: every part of a release is used once, and then faults are injected."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.connections import ConnectionMonitor
from store.chaos.containers.memory import UsageMeter
from store.chaos.containers.testbed import ContainerTestbed
from store.chaos.containers.usage import ReleaseUsage, measure
from store.chaos.containers.values import NAMESPACE
from store.chaos.storms import StormSize, storm, traffic_of
from store.chaos.trial import ShowProgress
from store.chaos.verdict import Verdict
from store.charttest.network import Network


@dataclass(frozen=True)
class TrialPlan:
    """How hard the storm is, from which seed, and whether usage is measured before it."""

    seed: int
    size: StormSize
    idle_seconds: float = 0.0


class ContainerTrial:
    """One run in one cluster."""

    def __init__(
        self, cluster: Cluster, testbed: ContainerTestbed, say: Callable[[str], None]
    ) -> None:
        self._cluster, self._testbed, self._say = cluster, testbed, say
        self._meter = UsageMeter(cluster)
        self._connections = ConnectionMonitor(cluster, Network.of(testbed.objects, NAMESPACE))
        self.measured: ReleaseUsage | None = None

    def run(self, plan: TrialPlan, show_progress: ShowProgress) -> Verdict:
        """The verdict on a storm with all that was done before and after it."""
        with ExitStack() as monitors:
            monitors.enter_context(self._connections.running())
            monitors.enter_context(self._meter.running())
            self._run_each("Pod", "the chart's test places an order")
            self._say("a subscriber gets a test message")
            lost_message = self._testbed.send_test_message()
            if plan.idle_seconds:
                self.measured = self._measure(plan, show_progress)
            verdict = storm(self._testbed, plan.seed, plan.size, (), show_progress)
            self._cluster.wait_until_ready(plan.size.quiet_seconds)
            self._run_each("CronJob", "every CronJob of the chart runs")
        facts = {**verdict.facts, "connections": f"{len(self._connections.used())}"}
        del facts["at a step"]  # no proxy stands before a container
        wrongs = [f"a test message did not arrive: {lost_message}"] if lost_message else []
        return replace(verdict, facts=facts, wrongs=[*verdict.wrongs, *wrongs, *self._wrongs()])

    def _run_each(self, kind: str, what: str) -> None:
        """Run what the chart has besides the pods that serve."""
        self._say(what)
        for each in self._testbed.objects.of(kind):
            if not each.spec.get("suspend"):
                self._cluster.run(each)

    def _measure(self, plan: TrialPlan, show_progress: ShowProgress) -> ReleaseUsage:
        self._say(f"measuring {plan.idle_seconds:.0f} s of rest, and then the load")
        traffic = traffic_of(self._testbed, plan.seed, plan.size)
        traffic.prepare()
        return measure(
            self._cluster, self._meter, plan.idle_seconds, lambda: traffic.run(show_progress)
        )

    def _wrongs(self) -> Iterator[str]:
        yield from self._connections.forbidden()
        for name, times in self._testbed.supervisor.ended_by_themselves.items():
            yield f"{name} ended by itself, {times} times"
        yield from self._cluster.misbehaviours()
