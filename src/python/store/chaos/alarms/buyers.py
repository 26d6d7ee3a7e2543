"""Buyers in the background, for as long as something is watched."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

from store.chaos.basket import basket
from store.loadtest.api import Api, allow_many_connections
from store.loadtest.customers import CannotLogIn, Customer
from store.loadtest.load.plan import Plan
from store.loadtest.load.products import read_items
from store.loadtest.load.recorder import Recorder
from store.loadtest.load.traffic import MAX_CONCURRENT, Traffic
from store.loadtest.target import Target

MAX_FILES = 4 * MAX_CONCURRENT
MAX_JOURNEYS = 1_000_000  # nobody counts them
RETRY_SECONDS = 60.0
ANSWER_SECONDS = 15.0
CUSTOMERS = 4
THINK_SECONDS = 0.2
MAX_ORDERS_AT_ONCE = 30


@contextmanager
def browsing_buyers(target: Target, rate: float, seed: int = 1) -> Iterator[Recorder]:
    """Within the block `rate` journeys begin a second; it is left when all have come to an end."""
    allow_many_connections(MAX_FILES)
    api = Api(MAX_CONCURRENT, RETRY_SECONDS, ANSWER_SECONDS)
    plan = Plan(seed, rate, MAX_JOURNEYS, customers=CUSTOMERS, think_seconds=THINK_SECONDS)
    traffic = Traffic(api, target, plan)
    traffic.prepare()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(traffic.run)
        try:
            yield traffic.recorder
        finally:
            traffic.stop()
            running.result()
            api.close()


@contextmanager
def regular_buyers(target: Target, rate: float) -> Iterator[None]:
    """Within the block `rate` orders a second are placed without a look at the catalogue.

    They come also when the catalogue cannot be shown, whatever became of the orders before.
    """
    api = Api(MAX_ORDERS_AT_ONCE, patience=0.0, answer_seconds=ANSWER_SECONDS)
    customer = Customer(api, target.users_url, target.secret, "of habit", kind="load")
    customer.headers()
    sku = read_items(api, target, Plan(seed=1, rate=rate, journeys=1))[0].sku
    over = threading.Event()

    def order() -> None:
        with contextlib.suppress(CannotLogIn):
            key = {"Idempotency-Key": str(uuid4())}
            customer.call("POST", target.orders("/v1/orders"), basket(sku), key)

    def keep_ordering() -> None:
        while not over.wait(1 / rate):
            pool.submit(order)

    with ThreadPoolExecutor(MAX_ORDERS_AT_ONCE) as pool:
        pool.submit(keep_ordering)
        try:
            yield
        finally:
            over.set()
    api.close()
