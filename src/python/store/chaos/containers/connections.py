"""Who talks to whom: read from the kernel's tables of TCP connections, and held against the policies.

A connection that is over stays in the table of whoever closed it for a minute (TIME_WAIT), so that
looking now and then sees nearly all of them. Sources: proc(5), /proc/net/tcp; Linux, tcp_states.h.
"""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from store.chaos.containers.cluster import Cluster
from store.charttest.network import Endpoint, Network
from store.charttest.objects import Pod

LOOK_SECONDS = 1.0
LISTENS = "0A"


@dataclass(frozen=True)
class Connection:
    """One that a machine has opened: to this address and port."""

    address: str
    port: int


@dataclass(frozen=True)
class Road:
    """Somebody has called somebody else."""

    source: str
    target: str
    port: int

    def __str__(self) -> str:
        return f"{self.source} to {self.target}:{self.port}"


class Roads:
    """All roads that the pods of a cluster have taken while `watched` ran."""

    def __init__(self, cluster: Cluster, network: Network) -> None:
        self._cluster, self._network = cluster, network
        self._seen: dict[tuple[str, Connection], Pod] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @contextmanager
    def watched(self) -> Iterator["Roads"]:
        """Look until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()

    def taken(self) -> Sequence[Road]:
        """Each once, by name."""
        return sorted({road for road, _ in self._judged()}, key=str)

    def closed(self) -> Iterator[str]:
        """A sentence for each road that was taken and that no policy opens."""
        for road in sorted({road for road, allowed in self._judged() if not allowed}, key=str):
            yield f"{road} was used, and no NetworkPolicy opens it"

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for pod in self._cluster.everything:
                for connection in opened_by(pod.pid, pod.template.ports.values()):
                    self._seen[pod.name, connection] = pod.template

    def _judged(self) -> Iterator[tuple[Road, bool]]:
        namespace = self._network.namespace
        for (_, connection), source in [*self._seen.items()]:
            caller = Endpoint.of(source, namespace)
            for target, port in self._targets(connection):
                road = Road(caller.name, target.name, port)
                yield road, self._network.allows(caller, target, port)

    def _targets(self, to: Connection) -> Iterator[tuple[Endpoint, int]]:
        """Whom the caller meant: a Service stands for the pods behind it."""
        namespace = self._network.namespace
        pods = {pod.address: pod.template for pod in self._cluster.known}
        if to.address in pods:
            yield Endpoint.of(pods[to.address], namespace), to.port
        elif service := self._cluster.services.at(to.address):
            for pod in service.pods:
                yield Endpoint.of(pod, namespace), service.target_in(pod)
        else:
            name = "us" if to.address == self._cluster.network.host else to.address
            yield Endpoint(name, address=to.address), to.port


def opened_by(pid: int | None, ports: Collection[int]) -> Iterator[Connection]:
    """The connections that a pod has opened whose first process this is, and which has these ports.

    Nothing if it has gone.
    """
    for table in ("tcp", "tcp6") if pid else ():
        with suppress(OSError):
            yield from opened(Path(f"/proc/{pid}/net/{table}").read_text(), ports)


def opened(table: str, ports: Collection[int]) -> Iterator[Connection]:
    """Those of one table. What comes in to one of these ports is somebody else's call."""
    for line in table.splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        address, port = _end(local)
        if state != LISTENS and port not in ports and not ip_address(address).is_loopback:
            yield Connection(*_end(remote))


def _end(text: str) -> tuple[str, int]:
    """Address and port of `0100007F:1F90`: words of four bytes, each as this machine stores it."""
    address, _, port = text.partition(":")
    words = [bytes.fromhex(address[place : place + 8])[::-1] for place in range(0, len(address), 8)]
    found = ip_address(b"".join(words))
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(found), int(port, 16)
