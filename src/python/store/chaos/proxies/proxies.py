"""The doors between the processes of a store under test: each call through one may be ambushed."""

from collections.abc import Callable
from contextlib import ExitStack

from store.chaos.proxies.exchange import Crossing
from store.chaos.proxies.fault_rule import Ambushes
from store.chaos.proxies.grpc_proxy import InventoryDoor
from store.chaos.proxies.http_proxy import HttpDoor, NameOf
from store.chaos.proxies.points import front_call, gateway_call


class Doors:
    """Opens doors on the loopback, and closes them all when its block is left.

    `kill` ends the process of that name and returns when it is gone. What is behind a door may
    come later, go away and come again.
    """

    def __init__(self, ambushes: Ambushes, kill: Callable[[str], None]) -> None:
        self._ambushes = ambushes
        self._kill = kill
        self._open = ExitStack()

    def __enter__(self) -> "Doors":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ambushes.clear()
        self._open.close()

    def gateway(self, caller: str, upstream_url: str) -> str:
        """The URL at which this caller reaches the payment gateway."""
        return self._http(caller, upstream_url, gateway_call)

    def inventory(self, caller: str, upstream_address: str) -> str:
        """The address at which this caller reaches inventory's gRPC."""
        door = InventoryDoor(self._crossing(caller), upstream_address)
        return self._open.enter_context(door).address

    def front(self, caller: str, upstream_url: str) -> str:
        """The URL at which buyers reach this orders API; it is the one that is killed here."""
        return self._http(caller, upstream_url, front_call)

    def _http(self, caller: str, upstream_url: str, name_of: NameOf) -> str:
        door = HttpDoor(self._crossing(caller), upstream_url, name_of)
        self._open.enter_context(door)
        return door.url

    def _crossing(self, caller: str) -> Crossing:
        return Crossing(self._ambushes, self._kill, caller)
