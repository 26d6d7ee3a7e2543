"""What each pod uses: the memory that Kubernetes would count against its limit, and CPU.

Kubelet's working set: what the cgroup holds without the file pages that nobody has used lately. Sources:
kubernetes.io/docs, "Node-pressure Eviction"; Linux, cgroup-v1/memory.txt and cgroup-v2.rst.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.poller import polled

POLL_INTERVAL_SECONDS = 0.5
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Usage:
    """Bytes of memory, and seconds of CPU since it was started."""

    memory: int
    cpu: float


class UsageMeter:
    """Measures while `running`; `peaks` are the most that each pod has used since `reset`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.peaks: dict[str, int] = defaultdict(int)
        self.total_peak = 0

    def running(self) -> AbstractContextManager[None]:
        return polled(self._measure, POLL_INTERVAL_SECONDS)

    def reset(self) -> None:
        """Forget the past."""
        self.peaks, self.total_peak = defaultdict(int), 0

    def now(self) -> Mapping[str, Usage]:
        """What each pod uses at this moment; one that is not running is missing."""
        found = {pod.name: usage_of(pod.pid) for pod in self._cluster.pods}
        return {name: usage for name, usage in found.items() if usage}

    def _measure(self) -> None:
        used = self.now()
        for name, usage in used.items():
            self.peaks[name] = max(self.peaks[name], usage.memory)
        self.total_peak = max(self.total_peak, sum(usage.memory for usage in used.values()))


def usage_of(pid: int | None, cgroups: Path = CGROUPS, proc: Path = Path("/proc")) -> Usage | None:
    """What the container of this process uses; None if it has gone or we may not look."""
    with suppress(OSError, KeyError, ValueError):
        groups = dict(_groups((proc / f"{pid}/cgroup").read_text()))
        if "memory" in groups:
            return _usage_of_v1(cgroups, groups)
        return _usage_of_v2(cgroups / groups[""].lstrip("/"))
    return None


def _groups(text: str) -> Iterator[tuple[str, str]]:
    """The path of the cgroup by controller; that of version 2 has the name ""."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, path


def _usage_of_v1(cgroups: Path, groups: Mapping[str, str]) -> Usage:
    memory = cgroups / "memory" / groups["memory"].lstrip("/")
    cpu = cgroups / "cpuacct" / groups["cpuacct"].lstrip("/")
    inactive = _facts(memory / "memory.stat")["total_inactive_file"]
    used = int((memory / "memory.usage_in_bytes").read_text())
    return Usage(max(0, used - inactive), int((cpu / "cpuacct.usage").read_text()) / 1e9)


def _usage_of_v2(group: Path) -> Usage:
    inactive = _facts(group / "memory.stat")["inactive_file"]
    used = int((group / "memory.current").read_text())
    return Usage(max(0, used - inactive), _facts(group / "cpu.stat")["usage_usec"] / 1e6)


def _facts(file: Path) -> Mapping[str, int]:
    return {name: int(value) for name, value in map(str.split, file.read_text().splitlines())}
