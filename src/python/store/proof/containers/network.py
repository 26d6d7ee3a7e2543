"""The network of a cluster: one bridge on which each pod has an address that nobody else ever gets."""

import contextlib
import json
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from types import TracebackType
from typing import Self

from store.proof.containers.docker import Refused, docker
from store.proof.errors import CannotProve

TRIES = 5


class Network:
    """A bridge of our own while the block lasts. The host is reached at `host`."""

    host: str

    def __init__(self, name: str, label: str) -> None:
        self.name, self._label = name, label
        self._lock = threading.Lock()
        self._free: Iterator[IPv4Address] = iter(())

    def __enter__(self) -> Self:
        subnet = self._made()
        self._free = subnet.hosts()
        self.host = str(next(self._free))
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(Refused):
            docker("network", "rm", self.name)

    def new_address(self) -> str:
        """One that no pod has had: so what is seen of an address is seen of one pod."""
        with self._lock:
            return str(next(self._free))

    def _made(self) -> IPv4Network:
        """Docker picks a free range; only in one that is asked for may addresses be chosen."""
        for _ in range(TRIES):
            self._create()
            subnet, gateway = self._range()
            docker("network", "rm", self.name)
            with contextlib.suppress(Refused):  # another network may have taken it meanwhile
                self._create("--subnet", str(subnet), "--gateway", gateway)
                return subnet
        raise CannotProve("Docker has no range of addresses left for a network of our own.")

    def _create(self, *more: str) -> None:
        docker("network", "create", "--driver", "bridge", "--label", self._label, *more, self.name)

    def _range(self) -> tuple[IPv4Network, str]:
        told = docker("network", "inspect", self.name, "--format", "{{json .IPAM.Config}}")
        [config] = json.loads(told)
        subnet = IPv4Network(config["Subnet"])
        return subnet, config.get("Gateway") or str(next(subnet.hosts()))
