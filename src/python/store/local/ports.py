"""Where everything listens on one machine: all ports move together by one port base."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from store.local.errors import PortInUse, Trouble

HOST = "127.0.0.1"
SERVICES = ("gateway", "users", "inventory", "orders")
PROCESSES = (*SERVICES, "inventory-rpc", "orders-work")
STEP = 100  # far enough that the next store's ports touch none of this one's
LOWEST, HIGHEST = 2100, 64_000


@dataclass(frozen=True)
class Ports:
    """Public ports are base+1 to base+4; the ops port of each lies 1000 above it."""

    base: int = 8000

    def __post_init__(self) -> None:
        if not LOWEST <= self.base <= HIGHEST:
            raise Trouble(f"The port base must be {LOWEST} to {HIGHEST}, not {self.base}.")

    @property
    def users(self) -> int:
        return self.base + 1

    @property
    def inventory(self) -> int:
        return self.base + 2

    @property
    def orders(self) -> int:
        return self.base + 3

    @property
    def gateway(self) -> int:
        return self.base + 4

    @property
    def mail(self) -> int:
        return self.base + 25

    @property
    def inventory_rpc(self) -> int:
        return self.base - 1000 + 2

    def ops(self, name: str) -> int:
        """The ops port of a process: `users`, ..., `inventory-rpc`, `orders-work`."""
        apart = {"inventory-rpc": self.base + 12, "orders-work": self.base + 13}
        return 1000 + (apart[name] if name in apart else int(getattr(self, name)))

    def url(self, service: str) -> str:
        """The public address of a service."""
        return f"http://{HOST}:{getattr(self, service)}"

    def all(self) -> Mapping[int, str]:
        """Every port with who listens there."""
        public = {int(getattr(self, name)): name for name in SERVICES}
        ops = {self.ops(name): f"ops of {name}" for name in PROCESSES}
        return {**public, self.mail: "mail", self.inventory_rpc: "inventory gRPC", **ops}

    def check_free(self) -> None:
        """PortInUse if somebody else listens where we want to."""
        for port, owner in self.all().items():
            if not _is_free(port):
                raise PortInUse(port, owner, self.base + STEP)


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        # As the servers do: a port is free although closed connections linger in TIME_WAIT.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
        return True
