"""Placing the orders of a file: every customer at once, every order exactly once."""

import hashlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urljoin

from store.loadtest.api import Answer, Api
from store.loadtest.customers import CannotLogIn, Customer
from store.loadtest.replay.invoices import Basket
from store.loadtest.replay.journal import FINAL, Outcome

FINAL_SECONDS = 180.0  # how long an order may take to end
POLL_SECONDS = (0.2, 0.5, 1.0, 2.0)

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Shop:
    """Where orders go, in which currency, and which file they come from."""

    api: Api
    orders_url: str
    currency: str
    file_digest: str

    def key(self, order: str) -> str:
        """The Idempotency-Key of an order: the same file places it once, however often it is replayed."""
        return hashlib.sha256(f"{self.file_digest} {order}".encode()).hexdigest()[:40]


def place(shop: Shop, customer: Customer, basket: Basket) -> Outcome:
    """Place one order and follow it to its end; what went wrong is an outcome as well."""
    try:
        answer = _post(shop, customer, basket)
    except CannotLogIn as refused:
        return Outcome(basket.order, "unanswered", str(refused))
    if answer.status == 202:
        return _followed(shop, customer, basket, answer)
    return _outcome(basket, answer, answer)


def _post(shop: Shop, customer: Customer, basket: Basket) -> Answer:
    url, body = f"{shop.orders_url}/v1/orders", order_of(basket, customer, shop.currency)
    key = {"Idempotency-Key": shop.key(basket.order)}
    answer = shop.api.call("POST", url, body, {**customer.headers(), **key})
    if answer.status == 401:
        customer.forget_token()
        answer = shop.api.call("POST", url, body, {**customer.headers(), **key})
    return answer


def _followed(shop: Shop, customer: Customer, basket: Basket, placed: Answer) -> Outcome:
    """Ask for an order that was taken but had not ended yet, until it has."""
    url = urljoin(f"{shop.orders_url}/", placed.headers["Location"])
    give_up = time.monotonic() + FINAL_SECONDS
    latest = placed
    for pause in itertools.chain(POLL_SECONDS, itertools.repeat(POLL_SECONDS[-1])):
        if time.monotonic() > give_up:
            break
        shop.api.sleep(pause)
        answer = shop.api.call("GET", url, headers=customer.headers())
        if answer.status == 401:
            customer.forget_token()
        if answer.status == 200:
            latest = answer
            if answer.body["state"] in FINAL:
                break
    return _outcome(basket, placed, latest)


def _outcome(basket: Basket, placed: Answer, latest: Answer) -> Outcome:
    body = latest.body if latest.status in {200, 201, 202} else {}
    refused = 400 <= placed.status < 500
    state = body.get("state") or ("refused" if refused else "unanswered")
    reason = (body.get("reason") or "") if body else latest.code or str(latest.status)
    return Outcome(
        basket.order, state, reason, str(body.get("id", "")), placed.seconds, placed.attempts
    )


def order_of(basket: Basket, customer: Customer, currency: str) -> dict[str, object]:
    """The body of `POST /v1/orders`."""
    return {
        "currency": currency,
        "lines": [{"sku": sku, "quantity": number} for sku, number in basket.lines.items()],
        "payment_method": "pm_card_visa",
        "shipping_address": {
            "name": customer.name,
            "line1": "1 Replay Road",
            "city": "London",
            "postal_code": "N1 9GU",
            "country": "GB",
        },
    }


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
