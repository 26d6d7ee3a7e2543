"""What goes wrong around a store: a database and a worker that are gone, stock that stands still."""

import time
from collections.abc import Callable

from store.chaos.alarms.journey.asking import Service, Unexpected
from store.chaos.alarms.watched_store import WatchedStore

STALL_SECONDS = 6.0
AWAY_SECONDS = 45.0  # in which the alerts have to fire

ALERTS = frozenset({"DatabaseUnreachable", "TargetDown"})


class Mishaps:
    """Each ends by itself, with everybody ready again."""

    def __init__(self, watched: WatchedStore) -> None:
        self._watched, self._store = watched, watched.store

    def be_without_database_and_worker(self, ask: Callable[[], object]) -> None:
        """End both, let `ask` go on at everybody until their alerts fire, and start them again."""
        gone = [self._store.victims[name] for name in ("postgres", "orders-work")]
        for victim in gone:
            victim.kill()
        try:
            self._watched.wait(lambda: self._fire(ask), AWAY_SECONDS, " and ".join(ALERTS))
        finally:
            for victim in gone:
                victim.start()
        self._store.wait_until_ready(AWAY_SECONDS)

    def stall_inventory(self) -> None:
        """Let inventory's gRPC stand still for longer than those who buy meanwhile wait for it."""
        rpc = self._store.victims["inventory-rpc"]
        rpc.stall()
        try:
            time.sleep(STALL_SECONDS)
        finally:
            rpc.go_on()

    def _fire(self, ask: Callable[[], object]) -> bool:
        ask()
        alerts = self._watched.prometheus.alerts()
        firing = {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}
        return firing >= ALERTS


def ask_in_vain(services: list[tuple[Service, str]]) -> None:
    """Read from each; that it cannot answer is an answer."""
    for service, path in services:
        try:
            service.get(path)
        except Unexpected:
            continue
