"""Customers who know what they want: they order without looking around, also when nothing is shown."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

from store.chaos.alarms.journey.buyers import PASSES, basket
from store.loadtest.api import Api
from store.loadtest.customers import CannotLogIn, Customer
from store.loadtest.load.plan import Plan
from store.loadtest.load.products import read_shelf
from store.loadtest.load.target import Target

MOST_AT_ONCE = 30
ANSWER_SECONDS = 15.0


@contextmanager
def regulars(target: Target, rate: float) -> Iterator[None]:
    """Within the block one orders `rate` times a second, whatever became of the orders before."""
    api = Api(MOST_AT_ONCE, patience=0.0, answer_seconds=ANSWER_SECONDS)
    customer = Customer(api, target.users_url, target.secret, "of habit", kind="load")
    customer.headers()
    sku = read_shelf(api, target, Plan(seed=1, rate=rate, journeys=1))[0].sku
    over = threading.Event()

    def order() -> None:
        with contextlib.suppress(CannotLogIn):
            key = {"Idempotency-Key": str(uuid4())}
            customer.call("POST", target.orders("/v1/orders"), basket(sku, PASSES), key)

    def keep_ordering() -> None:
        while not over.wait(1 / rate):
            pool.submit(order)

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        pool.submit(keep_ordering)
        try:
            yield
        finally:
            over.set()
    api.close()
