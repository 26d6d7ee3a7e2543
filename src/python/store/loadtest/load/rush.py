"""Everybody wants the same thing at the same moment."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from store.loadtest.accounts import open_accounts
from store.loadtest.api import Api
from store.loadtest.customers import Account, Customer
from store.loadtest.load.actors import failures_recorded
from store.loadtest.load.intents import BuyerIntent, Item
from store.loadtest.load.journey import Journey
from store.loadtest.load.plan import Card, Fate
from store.loadtest.load.purchase import Purchase
from store.loadtest.load.recorder import Recorder
from store.loadtest.target import Target

STARTING_SECONDS = 60.0  # for every buyer to be ready


def rush(
    api: Api,
    target: Target,
    buyers: int,
    sku: str,
    *,
    seed: int = 1,
    customers: int = 50,
    currency: str = "EUR",
) -> Recorder:
    """Let so many buyers order one unit each, all at once, and see every order to its end.

    The seed says who is which customer and comes through which replica. What each has seen in the end
    (state, reason, order) is in the recorder's `promises`, one for each buyer.
    """
    accounts = open_accounts(api, target, min(buyers, customers))
    return Rush(target, sku, currency, accounts, random.Random(seed)).run(buyers)  # noqa: S311


class Rush:
    """Buyers who begin at the same moment."""

    def __init__(
        self,
        target: Target,
        sku: str,
        currency: str,
        customers: Sequence[Customer],
        chance: random.Random,
    ) -> None:
        self._target, self._sku, self._currency = target, sku, currency
        self._customers, self._chance = customers, chance
        self._recorder, self._run = Recorder(), uuid4().hex[:12]

    def run(self, buyers: int) -> Recorder:
        """Everybody buys; returns when the last order has ended."""
        barrier = threading.Barrier(buyers, action=self._recorder.begin)
        numbers = self._chance.sample(range(buyers), buyers)
        with ThreadPoolExecutor(buyers) as pool:
            for done in [
                pool.submit(self._buy, self._intent(number), barrier) for number in numbers
            ]:
                done.result()
        self._recorder.end()
        return self._recorder

    def _buy(self, intent: BuyerIntent, barrier: threading.Barrier) -> None:
        key = f"rush-{self._run}-{intent.number}"
        purchase = Purchase(self._target, self._recorder, intent, key, self._currency)
        customer: Account = self._customers[intent.customer]
        barrier.wait(STARTING_SECONDS)
        self._recorder.start(0.0)
        with failures_recorded(self._recorder):
            Journey(customer, None, purchase, time.monotonic()).buy()
        self._recorder.finish()

    def _intent(self, number: int) -> BuyerIntent:
        """One unit; the number says through which replica the buyer comes first."""
        return BuyerIntent(
            number=number,
            customer=self._chance.randrange(len(self._customers)),
            looked_at=Item(self._sku, "", ""),
            lines={self._sku: 1},
            names_price=False,
            is_sent_twice=False,
            card=Card.PASSES,
            payment_method="pm_card_visa",
            fate=Fate.KEPT,
            refund_share=0.0,
            reads_timeline=False,
            thoughts=(),
        )
