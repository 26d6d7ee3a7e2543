"""Lost answers: an API dies after it has taken an order, and before its buyer hears of it.

The buyer asks again with the same Idempotency-Key, another API answers, and it is the same order.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import median

import psycopg2

from store.chaos.own_testbed import APIS
from store.chaos.proxies.fault_rule import Deed
from store.chaos.quiescence import wait_for_calm
from store.chaos.testbed import Ground
from store.chaos.verdict import Verdict, findings_of
from store.cli.errors import CannotProve
from store.loadtest.api import Answer
from store.loadtest.customers import Customer
from store.loadtest.load.accounts import open_accounts
from store.server.ids import new_id

# The order is committed and nothing else is done; the money is taken, and that not yet written down.
HALF_DONE = ("reserve.before", "capture.after")
ALL_DONE = "answer.after"
POINTS = (*HALF_DONE, ALL_DONE)
AT_ONCE = 10
AMBUSH_SECONDS = 30.0
CALM_SECONDS = 60.0
TAKEN = "SELECT key, resource_id FROM idempotency_keys WHERE key = ANY(%s)"


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


def lost_answers(ground: Ground, tries: int) -> Sequence[Verdict]:
    """A row for each point of loss, over which the tries are spread."""
    sku = ground.goods("LOST", 1_000_000).sku
    customers = open_accounts(ground.api, ground.target, AT_ONCE)
    made: dict[str, list[Try]] = {point: [] for point in POINTS}
    for number, replica in zip(rounds(tries), itertools.count()):
        # What is half done waits for its leases; so two points are tried side by side. An answer is
        # lost alone: others' retries are answered, too.
        with ThreadPoolExecutor() as pool:
            some = customers[:number]
            halves = [
                (point, pool.submit(_kill_once, ground, point, replica + place, some, sku))
                for place, point in enumerate(HALF_DONE)
            ]
            for point, half in halves:
                made[point] += half.result()
        made[ALL_DONE] += _kill_once(ground, ALL_DONE, replica, some, sku)
    return _verdicts(ground, made)


def rounds(tries: int) -> Iterator[int]:
    """How many buyers lose their answers at each point, round by round."""
    left = math.ceil(tries / len(POINTS))
    while left > 0:
        yield min(left, AT_ONCE)
        left -= AT_ONCE


def _kill_once(
    ground: Ground, point: str, replica: int, customers: Sequence[Customer], sku: str
) -> list[Try]:
    """Let these buyers order through one API, kill it when all stand at the point, and hear them."""
    api = f"orders-{replica % APIS + 1}"
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
    return [Try(key, taken.get(key), answer) for key, answer in zip(keys, answers, strict=True)]


def _verdicts(ground: Ground, made: Mapping[str, Sequence[Try]]) -> Sequence[Verdict]:
    unrest = wait_for_calm(ground.orders_database, CALM_SECONDS)
    hanging = [] if unrest.is_over else [f"not at rest after {CALM_SECONDS:.0f} s: {unrest}"]
    rows = [_verdict(point, tries) for point, tries in made.items()]
    last = rows.pop()
    return [*rows, replace(last, wrongs=[*last.wrongs, *hanging, *findings_of(ground.audit())])]


def _verdict(point: str, tries: Sequence[Try]) -> Verdict:
    waited = [each.answer.seconds for each in tries]
    wrongs = [each.wrong for each in tries if each.wrong]
    facts = {
        "the API dies at": point,
        "tries": f"{len(tries)}",
        "same order": f"{len(tries) - len(wrongs)}",
        "answered after (median)": f"{median(waited):.1f} s",
        "at most": f"{max(waited):.1f} s",
    }
    return Verdict("lost answers", facts, wrongs)


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
