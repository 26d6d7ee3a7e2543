"""Lost answers: an API is killed after it has taken an order, and before its buyer hears of it.

The buyer asks again with the same Idempotency-Key, another API answers, and it is the same order.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from statistics import median

import psycopg2

from store.chaos.basket import basket
from store.chaos.own_testbed import APIS
from store.chaos.proxies.fault_rule import Effect
from store.chaos.quiescence import wait_until_quiescent
from store.chaos.testbed import Testbed
from store.chaos.verdict import Verdict, findings_of
from store.cli.errors import CannotProve
from store.loadtest.accounts import open_accounts
from store.loadtest.api import Response
from store.loadtest.customers import Customer
from store.server.ids import new_id

# The order is committed and nothing else is done; the money is taken, and that not yet written down.
HALF_DONE = ("reserve.before", "capture.after")
ALL_DONE = "answer.after"
POINTS = (*HALF_DONE, ALL_DONE)
MAX_BUYERS = 10
RULE_SECONDS = 30.0
QUIET_SECONDS = 60.0
ORDERS_BY_KEY = "SELECT key, resource_id FROM idempotency_keys WHERE key = ANY(%s)"


@dataclass(frozen=True)
class LostAnswer:
    """One buyer: the order that was there when the API was killed, and the answer in the end."""

    key: str
    order_id: str | None
    answer: Response

    @property
    def wrong(self) -> str:
        """What is wrong about it, or "" """
        told = self.answer.body.get("id")
        if self.order_id is None:
            return f"key {self.key}: no order was committed when the API died"
        if told != self.order_id:
            return (
                f"key {self.key}: order {self.order_id} was taken, and the buyer was told of {told} "
                f"({self.answer.status} {self.answer.code})"
            )
        return ""


def lost_answers(testbed: Testbed, tries: int) -> Sequence[Verdict]:
    """A row for each point of loss, over which the tries are spread."""
    sku = testbed.put_on_sale("LOST", 1_000_000).sku
    customers = open_accounts(testbed.api, testbed.target, MAX_BUYERS)
    made: dict[str, list[LostAnswer]] = {point: [] for point in POINTS}
    for number, replica in zip(rounds(tries), itertools.count()):
        # What is half done waits for its leases; so two points are tried side by side. An answer is
        # lost alone: others' retries are answered, too.
        with ThreadPoolExecutor() as pool:
            some = customers[:number]
            halves = [
                (point, pool.submit(_kill_once, testbed, point, replica + offset, some, sku))
                for offset, point in enumerate(HALF_DONE)
            ]
            for point, half in halves:
                made[point] += half.result()
        made[ALL_DONE] += _kill_once(testbed, ALL_DONE, replica, some, sku)
    pending = wait_until_quiescent(testbed.orders_database, QUIET_SECONDS)
    undone = [] if pending.is_done else [f"not quiescent after {QUIET_SECONDS:.0f} s: {pending}"]
    *rows, last = (_verdict(point, answers) for point, answers in made.items())
    return [*rows, replace(last, wrongs=[*last.wrongs, *undone, *findings_of(testbed.audit())])]


def rounds(tries: int) -> Iterator[int]:
    """How many buyers lose their answers at each point, round by round."""
    left = math.ceil(tries / len(POINTS))
    while left > 0:
        yield min(left, MAX_BUYERS)
        left -= MAX_BUYERS


def _kill_once(
    testbed: Testbed, point: str, replica: int, customers: Sequence[Customer], sku: str
) -> list[LostAnswer]:
    """Let these buyers order through one API, and kill it when all their calls are at the point."""
    api = f"orders-{replica % APIS + 1}"
    rule = testbed.fault_rules.add(point, Effect.KILL, caller=api, group_size=len(customers))
    urls = testbed.target.orders("/v1/orders", replica)
    keys = [f"lost-{new_id()}" for _ in customers]
    with ThreadPoolExecutor(len(customers)) as pool:
        asked = [
            pool.submit(customer.call, "POST", urls, basket(sku), {"Idempotency-Key": key})
            for customer, key in zip(customers, keys, strict=True)
        ]
        if not rule.wait(RULE_SECONDS) or rule.calls_hit < len(customers):
            raise CannotProve(f"{rule.calls_hit} of {len(customers)} calls came to {point}")
        orders = _orders_by_key(testbed.orders_database, keys)
        answers = [each.result() for each in asked]
    return [
        LostAnswer(key, orders.get(key), answer) for key, answer in zip(keys, answers, strict=True)
    ]


def _verdict(point: str, answers: Sequence[LostAnswer]) -> Verdict:
    waited = [each.answer.seconds for each in answers]
    wrongs = [each.wrong for each in answers if each.wrong]
    facts = {
        "the API dies at": point,
        "tries": f"{len(answers)}",
        "same order": f"{len(answers) - len(wrongs)}",
        "answered after (median)": f"{median(waited):.1f} s",
        "at most": f"{max(waited):.1f} s",
    }
    return Verdict("lost answers", facts, wrongs)


def _orders_by_key(orders_url: str, keys: Sequence[str]) -> Mapping[str, str | None]:
    with closing(psycopg2.connect(orders_url)) as connection, connection.cursor() as cursor:
        cursor.execute(ORDERS_BY_KEY, ([*keys],))
        return dict(cursor.fetchall())
