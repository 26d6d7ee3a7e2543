"""Where everything listens on one machine: all ports move together by one port base."""

import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from store.cli.errors import Trouble
from store.devstack.errors import PortInUse

HOST = "127.0.0.1"
SERVICES = ("gateway", "users", "inventory", "orders")
PUBLIC = {"users": 1, "inventory": 2, "orders": 3, "gateway": 4}  # above the port base
STEP = 100  # far enough that the next store's ports touch none of this one's
LOWEST, HIGHEST = 2100, 64_000
MAX_REPLICAS = 9


@dataclass(frozen=True)
class Ports:
    """Public ports are base+1 to base+4; the ops port of each lies 1000 above it.

    A store may have several replicas of the orders API and of the orders worker, and may be
    `monitored`: Prometheus, Grafana and an auditor then have ports of their own.
    """

    base: int = 8000
    apis: int = 1
    workers: int = 1
    monitored: bool = False

    def __post_init__(self) -> None:
        if not LOWEST <= self.base <= HIGHEST:
            raise Trouble(f"The port base must be {LOWEST} to {HIGHEST}, not {self.base}.")
        if not 1 <= min(self.apis, self.workers) <= max(self.apis, self.workers) <= MAX_REPLICAS:
            raise Trouble(f"A store has 1 to {MAX_REPLICAS} orders APIs and workers.")

    @property
    def orders(self) -> int:
        """The port of the first orders API."""
        return self.base + PUBLIC["orders"]

    @property
    def mail(self) -> int:
        return self.base + 25

    @property
    def grafana(self) -> int:
        return self.base + 60

    @property
    def prometheus(self) -> int:
        return self.base + 90

    @property
    def inventory_rpc(self) -> int:
        return self.base - 1000 + 2

    @property
    def orders_apis(self) -> tuple[str, ...]:
        """The names of the orders APIs: `orders`, or `orders-1`, `orders-2`, ..."""
        return replicas("orders", self.apis)

    @property
    def orders_workers(self) -> tuple[str, ...]:
        """The names of the orders workers: `orders-work`, or `orders-work-1`, ..."""
        return replicas("orders-work", self.workers)

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of all processes of the store itself that have an ops port."""
        return (*self._public, "inventory-rpc", *self.orders_workers)

    @property
    def scraped(self) -> tuple[str, ...]:
        """The names of all processes that Prometheus asks for their metrics."""
        return (*self.processes, "audit") if self.monitored else self.processes

    def public(self, name: str) -> int:
        """The public port of a process: `users`, ..., `orders` or one of its replicas."""
        return self.orders if name == "orders" else self._public[name]

    def ops(self, name: str) -> int:
        return 1000 + (self._apart[name] if name in self._apart else self.public(name))

    def url(self, name: str) -> str:
        """The public address of a service, or of one replica."""
        return f"http://{HOST}:{self.public(name)}"

    def all(self) -> Mapping[int, str]:
        """Every port with who listens there."""
        public = {port: name for name, port in self._public.items()}
        ops = {self.ops(name): f"ops of {name}" for name in self.scraped}
        watchers = {self.grafana: "Grafana", self.prometheus: "Prometheus"}
        return {
            **public,
            self.mail: "mail",
            self.inventory_rpc: "inventory gRPC",
            **ops,
            **(watchers if self.monitored else {}),
        }

    def check_free(self) -> None:
        """PortInUse if somebody else listens where we want to."""
        for port, owner in self.all().items():
            if not _is_free(port):
                raise PortInUse(port, owner, self.base + STEP)

    @cached_property
    def _public(self) -> Mapping[str, int]:
        apart = {name: self.base + PUBLIC[name] for name in ("gateway", "users", "inventory")}
        return {**apart, **_numbered(self.orders_apis, self.orders, self.base + 30)}

    @cached_property
    def _apart(self) -> Mapping[str, int]:
        """What has an ops port but no public one, as if it had."""
        workers = _numbered(self.orders_workers, self.base + 13, self.base + 40)
        return {"inventory-rpc": self.base + 12, "audit": self.base + 14, **workers}


def replicas(name: str, count: int) -> tuple[str, ...]:
    """What the replicas are called: a single one needs no number."""
    return (name,) if count == 1 else tuple(f"{name}-{n + 1}" for n in range(count))


def free_base(apis: int = 1, workers: int = 1, *, monitored: bool = False) -> int:
    """A port base where nobody listens, below the ports that the system gives to connections."""
    for _ in range(50):
        base = random.randrange(12_000, 30_000, STEP)  # noqa: S311 - no secret
        try:
            Ports(base, apis, workers, monitored).check_free()
        except PortInUse:
            continue
        return base
    raise Trouble("No free ports were found on this machine for a second store.")


def _numbered(names: tuple[str, ...], first: int, others: int) -> Mapping[str, int]:
    return {name: first if n == 0 else others + n for n, name in enumerate(names)}


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        # As the servers do: a port is free although closed connections linger in TIME_WAIT.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
        return True
