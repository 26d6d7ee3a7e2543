"""Who talks to whom: read from the kernel's tables of TCP connections, and compared with the policies.

A connection that is over stays in the table of whoever closed it for a minute (TIME_WAIT), so that
looking now and then sees nearly all of them. Sources: proc(5), /proc/net/tcp; Linux, tcp_states.h.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.poller import polled
from store.charttest.network import Endpoint, Network
from store.charttest.objects import Pod

POLL_INTERVAL_SECONDS = 1.0
LISTENS = "0A"


@dataclass(frozen=True)
class Connection:
    """A TCP connection that a pod has opened: to this address and port."""

    address: str
    port: int


@dataclass(frozen=True)
class PodConnection:
    """A connection by the names of both sides."""

    source: str
    target: str
    port: int

    def __str__(self) -> str:
        return f"{self.source} to {self.target}:{self.port}"


class ConnectionMonitor:
    """Every connection between pods that was seen while it was `running`."""

    def __init__(self, cluster: Cluster, network: Network) -> None:
        self._cluster, self._network = cluster, network
        self._seen: dict[tuple[str, Connection], Pod] = {}

    def running(self) -> AbstractContextManager[None]:
        return polled(self._look, POLL_INTERVAL_SECONDS)

    def used(self) -> Sequence[PodConnection]:
        """Each once, by name."""
        return sorted({used for used, _ in self._judged()}, key=str)

    def forbidden(self) -> Iterator[str]:
        """A sentence for each connection that no policy allows."""
        for used in sorted({used for used, allowed in self._judged() if not allowed}, key=str):
            yield f"{used} was used, and no NetworkPolicy allows it"

    def _look(self) -> None:
        for pod in self._cluster.everything:
            for connection in opened_by(pod.pid, pod.template.ports.values()):
                self._seen[pod.name, connection] = pod.template

    def _judged(self) -> Iterator[tuple[PodConnection, bool]]:
        namespace = self._network.namespace
        for (_, connection), source in [*self._seen.items()]:
            caller = Endpoint.of(source, namespace)
            for target, port in self._targets(connection):
                used = PodConnection(caller.name, target.name, port)
                yield used, self._network.allows(caller, target, port)

    def _targets(self, to: Connection) -> Iterator[tuple[Endpoint, int]]:
        """The pods it may have led to: a Service stands for the pods behind it."""
        namespace = self._network.namespace
        pods = {pod.address: pod.template for pod in self._cluster.all_pods}
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
    """Those of one table. What comes in to one of these ports was opened by somebody else."""
    for line in table.splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        address, port = _end(local)
        if state != LISTENS and port not in ports and not ip_address(address).is_loopback:
            yield Connection(*_end(remote))


def _end(text: str) -> tuple[str, int]:
    """Address and port of `0100007F:1F90`: words of four bytes, each as this machine stores it."""
    address, _, port = text.partition(":")
    words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
    found = ip_address(b"".join(words))
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(found), int(port, 16)
