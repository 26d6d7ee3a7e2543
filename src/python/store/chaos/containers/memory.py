"""What each pod uses: the memory that Kubernetes would count against its limit, and CPU.

Kubelet's working set: what the cgroup holds without the file pages that nobody has used lately. Sources:
kubernetes.io/docs, "Node-pressure Eviction"; Linux, cgroup-v1/memory.txt and cgroup-v2.rst.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from store.chaos.containers.cluster import Cluster

LOOK_SECONDS = 0.5
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Use:
    """Bytes of memory, and seconds of CPU since it was started."""

    memory: int
    cpu: float


class Meter:
    """Looks again and again while `running`; `most` is the most that each pod has used since `reset`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most: dict[str, int] = defaultdict(int)
        self.most_in_all = 0

    @contextmanager
    def running(self) -> Iterator["Meter"]:
        """Look until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()

    def reset(self) -> None:
        """Forget the past."""
        self.most, self.most_in_all = defaultdict(int), 0

    def now(self) -> Mapping[str, Use]:
        """What each pod uses at this moment; one that is not running is missing."""
        found = {pod.name: use_of(pod.pid) for pod in self._cluster.pods}
        return {name: use for name, use in found.items() if use}

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            uses = self.now()
            for name, use in uses.items():
                self.most[name] = max(self.most[name], use.memory)
            in_all = sum(use.memory for use in uses.values())
            self.most_in_all = max(self.most_in_all, in_all)


def use_of(pid: int | None, cgroups: Path = CGROUPS, proc: Path = Path("/proc")) -> Use | None:
    """What the container of this process uses; None if it has gone or we may not look."""
    with suppress(OSError, KeyError, ValueError):
        groups = dict(_groups((proc / f"{pid}/cgroup").read_text()))
        if "memory" in groups:
            return _use_of_v1(cgroups, groups)
        return _use_of_v2(cgroups / groups[""].lstrip("/"))
    return None


def _groups(text: str) -> Iterator[tuple[str, str]]:
    """The path of the cgroup by controller; that of version 2 has the name ""."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, path


def _use_of_v1(cgroups: Path, groups: Mapping[str, str]) -> Use:
    memory = cgroups / "memory" / groups["memory"].lstrip("/")
    cpu = cgroups / "cpuacct" / groups["cpuacct"].lstrip("/")
    inactive = _facts(memory / "memory.stat")["total_inactive_file"]
    used = int((memory / "memory.usage_in_bytes").read_text())
    return Use(max(0, used - inactive), int((cpu / "cpuacct.usage").read_text()) / 1e9)


def _use_of_v2(group: Path) -> Use:
    inactive = _facts(group / "memory.stat")["inactive_file"]
    used = int((group / "memory.current").read_text())
    return Use(max(0, used - inactive), _facts(group / "cpu.stat")["usage_usec"] / 1e6)


def _facts(file: Path) -> Mapping[str, int]:
    return {name: int(value) for name, value in map(str.split, file.read_text().splitlines())}
