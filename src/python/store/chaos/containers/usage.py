"""What a release uses, idle and under load, beside what the chart asks and allows."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.memory import Usage, UsageMeter
from store.chaos.containers.quantities import quantity
from store.charttest.objects import Pod


@dataclass(frozen=True)
class ComponentUsage:
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
class ReleaseUsage:
    """All components, and the most bytes of all pods together at one moment."""

    rows: Sequence[ComponentUsage]
    idle: int
    loaded: int

    @property
    def limit(self) -> int:
        """What the chart allows all together."""
        return sum(row.limit * row.pods for row in self.rows)


def measure(
    cluster: Cluster, meter: UsageMeter, idle_seconds: float, load: Callable[[], object]
) -> ReleaseUsage:
    """Measure the release for so long while nobody comes, and then while `load` runs."""
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
    return ReleaseUsage(rows, idle.total, loaded.total)


@dataclass(frozen=True)
class _Phase:
    peaks: Mapping[str, int]
    total: int
    cpus: Mapping[str, float]


def _phase(meter: UsageMeter, run: Callable[[], object]) -> _Phase:
    meter.reset()
    before, began = meter.now(), time.monotonic()
    run()
    after, seconds = meter.now(), time.monotonic() - began
    nothing = Usage(0, 0.0)
    cpus = {
        name: (used.cpu - before.get(name, nothing).cpu) / seconds for name, used in after.items()
    }
    return _Phase({**meter.peaks}, meter.total_peak, cpus)


def _row(template: Pod, pods: Sequence[str], idle: _Phase, loaded: _Phase) -> ComponentUsage:
    resources = template.containers[-1].resources
    return ComponentUsage(
        component=template.component,
        pods=len(pods),
        requested=int(quantity(resources.get("requests", {}).get("memory", 0))),
        limit=int(quantity(resources.get("limits", {}).get("memory", 0))),
        idle=max(idle.peaks.get(name, 0) for name in pods),
        loaded=max(loaded.peaks.get(name, 0) for name in pods),
        idle_cpu=1000 * sum(idle.cpus.get(name, 0.0) for name in pods),
        loaded_cpu=1000 * sum(loaded.cpus.get(name, 0.0) for name in pods),
    )
