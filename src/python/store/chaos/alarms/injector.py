"""Plants faults in a watched store, and heals them."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from store.chaos.alarms.plans import Fault
from store.chaos.alarms.slow_network import SlowRoad
from store.chaos.targets import Victim
from store.devstack.ports import Ports

SLOW_SECONDS = 1.5  # for each call; the caller gives up after 4
GONE = {
    Fault.GATEWAY_DOWN: "gateway",
    Fault.DATABASE_STOPPED: "postgres",
    Fault.WORKER_KILLED: "orders-work",
}


class Planting:
    """What is done to whom."""

    def __init__(self, victims: Mapping[str, Victim], road: SlowRoad) -> None:
        self._victims, self._road = victims, road

    def planted(self, fault: Fault) -> AbstractContextManager[None]:
        """Within the block it is so."""
        if fault is Fault.INVENTORY_SLOW:
            return self._slow()
        return self._gone(GONE[fault]) if fault in GONE else nullcontext()

    @contextmanager
    def _slow(self) -> Iterator[None]:
        self._road.delay = SLOW_SECONDS
        try:
            yield
        finally:
            self._road.delay = 0.0

    @contextmanager
    def _gone(self, name: str) -> Iterator[None]:
        self._victims[name].kill()
        try:
            yield
        finally:
            self._victims[name].start()


def over_the_road(road: SlowRoad, ports: Ports) -> Mapping[str, Mapping[str, str]]:
    """Who is to reach inventory over it: orders and its workers, by the names of their processes."""
    callers = (*ports.orders_apis, *ports.orders_workers)
    return {name: {"INVENTORY_ADDRESS": road.address} for name in callers}
