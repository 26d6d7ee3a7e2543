"""Lost answers: an API dies after it has taken an order, and before its buyer hears of it.

The buyer asks again with the same Idempotency-Key, another API answers, and it is the same order.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

import psycopg2

from store.proof.api import Answer
from store.proof.customers import Customer
from store.proof.errors import CannotProve
from store.proof.faults.calm import wait_for_calm
from store.proof.faults.doors.ambush import Deed
from store.proof.faults.ground import Ground
from store.proof.faults.verdict import Verdict, findings_of
from store.proof.load.accounts import open_accounts
from store.server.ids import new_id

# The order is committed and nothing else is done; the money is taken, and that not yet written
# down; all is done, and only the answer is missing.
POINTS = ("reserve.before", "capture.after", "answer.after")
AT_ONCE = 10
AMBUSH_SECONDS = 30.0
CALM_SECONDS = 60.0
TAKEN = "SELECT key, resource_id FROM idempotency_keys WHERE key = ANY(%s)"
PLACED = "SELECT count(*) FROM orders WHERE id::text = ANY(%s)"


@dataclass(frozen=True)
class Try:
    """One buyer: the order that was there when the API died, and what he was told in the end."""

    key: str
    taken: str | None
    answer: Answer

    @property
    def wrong(self) -> str:
        """What is wrong about it, or "" """
        told = self.answer.body.get("id")
        if self.taken is None:
            return f"key {self.key}: no order was committed when the API died"
        if told != self.taken:
            return (
                f"key {self.key}: order {self.taken} was taken, and the buyer was told of {told} "
                f"({self.answer.status} {self.answer.code})"
            )
        return ""


def lost_answers(ground: Ground, tries: int) -> Iterator[Verdict]:
    """A row for each point of loss; the tries are spread over the points and the replicas."""
    sku = ground.goods("LOST", 1_000_000).sku
    customers = open_accounts(ground.api, ground.target, AT_ONCE)
    shares = [tries // len(POINTS) + (place < tries % len(POINTS)) for place in range(len(POINTS))]
    for point, share in zip(POINTS, shares, strict=True):
        yield _verdict(ground, point, [*_tries(ground, point, share, customers, sku)])


def _tries(
    ground: Ground, point: str, number: int, customers: Sequence[Customer], sku: str
) -> Iterator[Try]:
    """So many tries, up to AT_ONCE with one kill, at each replica in turn."""
    replicas = itertools.cycle(range(len(ground.target.orders_urls)))
    while number > 0:
        some = min(number, AT_ONCE)
        yield from _kill_once(ground, point, next(replicas), customers[:some], sku)
        number -= some


def _kill_once(
    ground: Ground, point: str, replica: int, customers: Sequence[Customer], sku: str
) -> Iterator[Try]:
    api = f"orders-{replica + 1}"
    ambush = ground.ambushes.lay(point, Deed.KILL, caller=api, gather=len(customers))
    urls = ground.target.orders("/v1/orders", replica)
    keys = [f"lost-{new_id()}" for _ in customers]
    with ThreadPoolExecutor(len(customers)) as pool:
        asked = [
            pool.submit(customer.call, "POST", urls, _body(sku), {"Idempotency-Key": key})
            for customer, key in zip(customers, keys, strict=True)
        ]
        if not ambush.wait(AMBUSH_SECONDS) or ambush.caught < len(customers):
            raise CannotProve(f"{ambush.caught} of {len(customers)} calls came to {point}")
        taken = _taken(ground.orders_database, keys)
        answers = [each.result() for each in asked]
    for key, answer in zip(keys, answers, strict=True):
        yield Try(key, taken.get(key), answer)


def _verdict(ground: Ground, point: str, tries: Sequence[Try]) -> Verdict:
    unrest = wait_for_calm(ground.orders_database, CALM_SECONDS)
    waited = [each.answer.seconds for each in tries]
    wrongs = [each.wrong for each in tries if each.wrong]
    facts = {
        "the API dies at": point,
        "tries": f"{len(tries)}",
        "same order": f"{len(tries) - len(wrongs)}",
        "answered after (median)": f"{median(waited):.1f} s",
        "at most": f"{max(waited):.1f} s",
    }
    hanging = [] if unrest.is_over else [f"not at rest after {CALM_SECONDS:.0f} s: {unrest}"]
    return Verdict("lost answers", facts, [*wrongs, *hanging, *findings_of(ground.audit())])


def _taken(orders_url: str, keys: Sequence[str]) -> Mapping[str, str | None]:
    """The order that stands behind each key at this moment."""
    connection = psycopg2.connect(orders_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(TAKEN, ([*keys],))
            return dict(cursor.fetchall())
    finally:
        connection.close()


def _body(sku: str) -> dict[str, object]:
    return {
        "currency": "EUR",
        "lines": [{"sku": sku, "quantity": 1}],
        "payment_method": "pm_card_visa",
        "shipping_address": {
            "name": "Ada Lovelace",
            "line1": "12 St James's Square",
            "city": "London",
            "postal_code": "SW1Y 4JH",
            "country": "GB",
        },
    }
