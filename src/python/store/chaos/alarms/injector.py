"""Injects the planned faults into a watched store, and heals them."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from store.chaos.alarms.plans import Fault
from store.chaos.proxies.delay_proxy import DelayProxy
from store.chaos.targets import FaultTarget
from store.devstack.ports import Ports

DELAY_SECONDS = 1.5  # for each call; the caller gives up after 4
KILLED = {
    Fault.GATEWAY_DOWN: "gateway",
    Fault.DATABASE_STOPPED: "postgres",
    Fault.WORKER_KILLED: "orders-work",
}


class PlannedFaultInjector:
    """Kills a target, or delays what is sent through the proxy."""

    def __init__(self, targets: Mapping[str, FaultTarget], proxy: DelayProxy) -> None:
        self._targets, self._proxy = targets, proxy

    def injected(self, fault: Fault) -> AbstractContextManager[None]:
        """Within the block the fault is there."""
        if fault is Fault.INVENTORY_SLOW:
            return self._delayed()
        return self._killed(KILLED[fault]) if fault in KILLED else nullcontext()

    @contextmanager
    def _delayed(self) -> Iterator[None]:
        self._proxy.delay = DELAY_SECONDS
        try:
            yield
        finally:
            self._proxy.delay = 0.0

    @contextmanager
    def _killed(self, name: str) -> Iterator[None]:
        self._targets[name].kill()
        try:
            yield
        finally:
            self._targets[name].start()


def redirected_callers(proxy: DelayProxy, ports: Ports) -> Mapping[str, Mapping[str, str]]:
    """The environment with which orders and its workers reach inventory through the proxy."""
    callers = (*ports.orders_apis, *ports.orders_workers)
    return {name: {"INVENTORY_ADDRESS": proxy.address} for name in callers}
