"""The fault proxies between the processes of a store under test: rules may hit each call through one."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from store.chaos.proxies.fault_rule import FaultRules
from store.chaos.proxies.grpc_proxy import GrpcProxy
from store.chaos.proxies.http_proxy import CallNamer, HttpProxy
from store.chaos.proxies.interceptor import Interceptor
from store.chaos.proxies.points import front_call, gateway_call


class FaultProxies:
    """Opens proxies on the loopback, and closes them all when its block is left.

    `kill` ends the process of that name and returns when it is gone. What is behind a proxy may
    come later, go away and come again.
    """

    def __init__(self, fault_rules: FaultRules, kill: Callable[[str], None]) -> None:
        self._fault_rules, self._kill = fault_rules, kill
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._fault_rules.clear()
        self._open.close()

    def gateway(self, caller: str, upstream_url: str) -> str:
        """The URL at which this caller reaches the payment gateway."""
        return self._http(caller, upstream_url, gateway_call)

    def inventory(self, caller: str, upstream_address: str) -> str:
        """The address at which this caller reaches inventory's gRPC."""
        proxy = GrpcProxy(self._interceptor(caller), upstream_address)
        return self._open.enter_context(proxy).address

    def front(self, caller: str, upstream_url: str) -> str:
        """The URL at which buyers reach this orders API; it is the one that is killed here."""
        return self._http(caller, upstream_url, front_call)

    def _http(self, caller: str, upstream_url: str, name_of: CallNamer) -> str:
        proxy = HttpProxy(self._interceptor(caller), upstream_url, name_of)
        return self._open.enter_context(proxy).url

    def _interceptor(self, caller: str) -> Interceptor:
        return Interceptor(self._fault_rules, self._kill, caller)
