"""What goes wrong around a store: a database that is away, a gateway out of its mind, slow stock."""

import time
from collections.abc import Callable

from store.proof.monitoring.journey.asking import Service, Unexpected
from store.proof.monitoring.watched_store import WatchedStore

STALL_SECONDS = 4.0  # longer than a caller of inventory waits
AWAY_SECONDS = 45.0  # in which an alert has to fire
FAULTS = 5


class Mishaps:
    """Each ends by itself, with everybody ready again."""

    def __init__(self, watched: WatchedStore) -> None:
        self._watched, self._store = watched, watched.store

    def be_without_a_database(self, ask: Callable[[], object]) -> None:
        """Stop PostgreSQL, let `ask` go on at everybody until an alert fires, and start it again."""
        postgres = self._store.victims["postgres"]
        postgres.end()
        try:
            self._watched.wait(lambda: self._fires(ask), AWAY_SECONDS, "an alert")
        finally:
            postgres.start()
        self._store.wait_until_ready(AWAY_SECONDS)

    def stall_inventory(self, ask: Callable[[], object]) -> None:
        """Let inventory's gRPC stand still while somebody asks."""
        rpc = self._store.victims["inventory-rpc"]
        rpc.stall()
        began = time.monotonic()
        try:
            ask()
            time.sleep(max(0.0, STALL_SECONDS - (time.monotonic() - began)))
        finally:
            rpc.go_on()

    def _fires(self, ask: Callable[[], object]) -> bool:
        ask()
        return any(alert["state"] == "firing" for alert in self._watched.prometheus.alerts())


def ask_in_vain(services: list[tuple[Service, str]]) -> None:
    """Read from each; that it cannot answer is an answer."""
    for service, path in services:
        try:
            service.get(path)
        except Unexpected:
            continue
