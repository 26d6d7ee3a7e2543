"""Customers who know what they want: they order without looking around, also when nothing is shown."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

from store.proof.api import Api
from store.proof.customers import CannotLogIn, Customer
from store.proof.load.plan import Plan
from store.proof.load.shelf import read_shelf
from store.proof.load.target import Target
from store.proof.monitoring.journey.buyers import PASSES, basket

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
