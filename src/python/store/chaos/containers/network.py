"""The network of a cluster: one bridge on which each pod has an address that nobody else ever gets."""

import contextlib
import json
import secrets
import threading
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Self

from store.chaos.containers.docker import DockerRefused, docker
from store.cli.errors import CannotProve

MAX_TRIES = 5


class Network:
    """A bridge of our own while the block lasts. The host is reached at `host`."""

    host: str

    def __init__(self) -> None:
        self.name = f"virtual-store-{secrets.token_hex(3)}"
        self.label = f"virtual-store.run={self.name}"
        """The label of everything that is made for this run."""
        self._lock = threading.Lock()
        self._free: Iterator[IPv4Address] = iter(())

    def __enter__(self) -> Self:
        subnet = self._create_with_a_free_range()
        self._free = subnet.hosts()
        self.host = str(next(self._free))
        return self

    def __exit__(self, *_exc: object) -> None:
        with contextlib.suppress(DockerRefused):
            docker("network", "rm", self.name)

    def new_address(self) -> str:
        """One that no pod has had: an address stands for one pod."""
        with self._lock:
            return str(next(self._free))

    def name_of(self, what: str) -> str:
        """Docker's name for something of this run: several runs do not get in each other's way."""
        return f"{self.name}-{what}"

    def options(self, what: str, address: str, aliases: Iterable[str]) -> list[str]:
        """The options of docker that put a container of this name and address on the network."""
        return [
            *("--label", self.label, "--name", self.name_of(what)),
            *("--network", self.name, "--ip", address),
            *(word for alias in aliases for word in ("--network-alias", alias)),
        ]

    def _create_with_a_free_range(self) -> IPv4Network:
        """Docker picks a free range; only in one that is asked for may addresses be chosen."""
        for _ in range(MAX_TRIES):
            self._create()
            found = docker("network", "inspect", self.name, "--format", "{{json .IPAM.Config}}")
            [config] = json.loads(found)
            subnet = IPv4Network(config["Subnet"])
            gateway = config.get("Gateway") or str(next(subnet.hosts()))
            docker("network", "rm", self.name)
            with contextlib.suppress(DockerRefused):  # another network may have taken it meanwhile
                self._create("--subnet", str(subnet), "--gateway", gateway)
                return subnet
        raise CannotProve("Docker has no range of addresses left for a network of our own.")

    def _create(self, *more: str) -> None:
        docker("network", "create", "--driver", "bridge", "--label", self.label, *more, self.name)
