"""Placing the orders of a file: every customer at once, every order exactly once."""

import hashlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from store.loadtest.api import Api, Response
from store.loadtest.customers import CannotLogIn, Customer
from store.loadtest.orders_client import OrdersClient, order_body, shipping_address
from store.loadtest.replay.invoices import Basket
from store.loadtest.replay.journal import FINAL, OrderOutcome

FINAL_SECONDS = 180.0  # how long an order may take to end
POLL_SECONDS = (0.2, 0.5, 1.0, 2.0)

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Destination:
    """Where orders go, in which currency, and which file they come from."""

    api: Api
    orders_url: str
    currency: str
    file_digest: str

    def key(self, order: str) -> str:
        """The Idempotency-Key of an order: the same file places it once, however often it is replayed."""
        return hashlib.sha256(f"{self.file_digest} {order}".encode()).hexdigest()[:40]


def place(destination: Destination, customer: Customer, basket: Basket) -> OrderOutcome:
    """Place one order and follow it to its end; what went wrong is an outcome as well."""
    orders = OrdersClient(customer, [destination.orders_url])
    address = shipping_address(customer.name, "1 Replay Road")
    try:
        body = order_body(basket.lines, address, currency=destination.currency)
        answer = orders.place(body, destination.key(basket.order))
    except CannotLogIn as refused:
        return OrderOutcome(basket.order, "unanswered", str(refused))
    latest = _followed(destination.api, orders, answer) if answer.status == 202 else answer
    return _outcome(basket, answer, latest)


def _followed(api: Api, orders: OrdersClient, placed: Response) -> Response:
    """Ask for an order that was taken but had not ended yet, until it has; the latest answer."""
    give_up = time.monotonic() + FINAL_SECONDS
    latest = placed
    for pause in itertools.chain(POLL_SECONDS, itertools.repeat(POLL_SECONDS[-1])):
        if time.monotonic() > give_up:
            break
        api.sleep(pause)
        answer = orders.get(placed.body["id"])
        if answer.status == 200:
            latest = answer
            if answer.body["state"] in FINAL:
                break
    return latest


def _outcome(basket: Basket, placed: Response, latest: Response) -> OrderOutcome:
    body = latest.body if latest.status in {200, 201, 202} else {}
    refused = 400 <= placed.status < 500
    state = body.get("state") or ("refused" if refused else "unanswered")
    reason = (body.get("reason") or "") if body else latest.code or str(latest.status)
    return OrderOutcome(
        basket.order, state, reason, str(body.get("id", "")), placed.seconds, placed.attempts
    )


def at_once(work: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """The results as they come, with `workers` of them in work at any time."""
    waiting: Iterable[T] = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[R]] = {
            pool.submit(work, item) for item in itertools.islice(waiting, workers)
        }
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(work, item) for item in itertools.islice(waiting, len(done))}
            yield from (future.result() for future in done)
