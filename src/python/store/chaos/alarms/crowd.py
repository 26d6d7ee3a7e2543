"""Buyers who come and go in the background, for as long as something is watched."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from store.loadtest.api import Api, allow_many_connections
from store.loadtest.load.plan import Plan
from store.loadtest.load.recorder import Recorder
from store.loadtest.load.target import Target
from store.loadtest.load.traffic import MOST_AT_ONCE, Traffic

FILES = 4 * MOST_AT_ONCE
MOST_JOURNEYS = 1_000_000  # nobody counts them
PATIENCE_SECONDS = 60.0
ANSWER_SECONDS = 15.0
CUSTOMERS = 4
THINK_SECONDS = 0.2


@contextmanager
def crowd(target: Target, rate: float, seed: int = 1) -> Iterator[Recorder]:
    """Within the block `rate` journeys begin a second; it is left when all have come to an end."""
    allow_many_connections(FILES)
    api = Api(MOST_AT_ONCE, PATIENCE_SECONDS, ANSWER_SECONDS)
    plan = Plan(seed, rate, MOST_JOURNEYS, customers=CUSTOMERS, think_seconds=THINK_SECONDS)
    traffic = Traffic(api, target, plan)
    traffic.prepare()
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(traffic.run)
        try:
            yield traffic.recorder
        finally:
            traffic.stop()
            running.result()
            api.close()
