"""Outages of a store: a database and a worker that are gone, an inventory that is stalled."""

import time
from collections.abc import Callable

from store.chaos.alarms.watched_store import WatchedStore
from store.chaos.testing.journey.service_client import ServiceClient, UnexpectedAnswer

STALL_SECONDS = 6.0
OUTAGE_SECONDS = 45.0  # in which the alerts have to fire

ALERTS = frozenset({"DatabaseUnreachable", "TargetDown"})


class Outages:
    """Each ends by itself, with every process ready again."""

    def __init__(self, watched: WatchedStore) -> None:
        self._watched, self._store = watched, watched.store

    def kill_database_and_worker(self, use_store: Callable[[], object]) -> None:
        """Kill both, go on using the store until their alerts fire, and start them again."""
        gone = [self._store.targets[name] for name in ("postgres", "orders-work")]
        for target in gone:
            target.kill()
        try:
            self._watched.wait(
                lambda: self._alerts_fire(use_store), OUTAGE_SECONDS, " and ".join(ALERTS)
            )
        finally:
            for target in gone:
                target.start()
        self._store.wait_until_ready(OUTAGE_SECONDS)

    def stall_inventory(self) -> None:
        """Stall inventory's gRPC for longer than a caller waits for its answer."""
        rpc = self._store.targets["inventory-rpc"]
        rpc.stall()
        try:
            time.sleep(STALL_SECONDS)
        finally:
            rpc.resume()

    def _alerts_fire(self, use_store: Callable[[], object]) -> bool:
        use_store()
        alerts = self._watched.prometheus.alerts()
        firing = {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}
        return firing >= ALERTS


def read_whatever_answers(services: list[tuple[ServiceClient, str]]) -> None:
    """Read from each service; one that cannot answer is passed over."""
    for service, path in services:
        try:
            service.get(path)
        except UnexpectedAnswer:
            continue
