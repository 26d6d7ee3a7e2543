"""What a release uses, idle and under load, beside what the chart asks and allows."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.memory import Meter, Use
from store.chaos.containers.quantities import quantity
from store.charttest.objects import Pod


@dataclass(frozen=True)
class Row:
    """One component: bytes of memory of the pod that has most, and milli-CPUs of all its pods."""

    component: str
    pods: int
    requested: int
    limit: int
    idle: int
    loaded: int
    idle_cpu: float
    loaded_cpu: float


@dataclass(frozen=True)
class Measured:
    """All components, and the bytes of all pods together at one moment."""

    rows: Sequence[Row]
    idle: int
    loaded: int

    @property
    def limit(self) -> int:
        """What the chart allows all together."""
        return sum(row.limit * row.pods for row in self.rows)


def measure(
    cluster: Cluster, meter: Meter, idle_seconds: float, load: Callable[[], object]
) -> Measured:
    """Look at the release for so long while nobody comes, and then while `load` runs."""
    idle = _phase(meter, lambda: time.sleep(idle_seconds))
    loaded = _phase(meter, load)
    templates = {pod.component: pod.template for pod in cluster.pods}
    members = {
        component: [pod.name for pod in cluster.pods if pod.component == component]
        for component in sorted(templates)
    }
    rows = [
        _row(template, members[component], idle, loaded)
        for component, template in sorted(templates.items())
    ]
    return Measured(rows, idle.in_all, loaded.in_all)


@dataclass(frozen=True)
class _Phase:
    most: Mapping[str, int]
    in_all: int
    cpus: Mapping[str, float]


def _phase(meter: Meter, run: Callable[[], object]) -> _Phase:
    meter.reset()
    before, began = meter.now(), time.monotonic()
    run()
    after, seconds = meter.now(), time.monotonic() - began
    nothing = Use(0, 0.0)
    cpus = {
        name: (use.cpu - before.get(name, nothing).cpu) / seconds for name, use in after.items()
    }
    return _Phase({**meter.most}, meter.most_in_all, cpus)


def _row(template: Pod, pods: Sequence[str], idle: _Phase, loaded: _Phase) -> Row:
    resources = template.containers[-1].resources
    return Row(
        component=template.component,
        pods=len(pods),
        requested=int(quantity(resources.get("requests", {}).get("memory", 0))),
        limit=int(quantity(resources.get("limits", {}).get("memory", 0))),
        idle=max(idle.most.get(name, 0) for name in pods),
        loaded=max(loaded.most.get(name, 0) for name in pods),
        idle_cpu=1000 * sum(idle.cpus.get(name, 0.0) for name in pods),
        loaded_cpu=1000 * sum(loaded.cpus.get(name, 0.0) for name in pods),
    )
