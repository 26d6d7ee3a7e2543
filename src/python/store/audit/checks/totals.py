"""Money, added up per currency: what was sold against what was captured."""

from collections import defaultdict
from dataclasses import dataclass

from store.audit.cases.case import ON_ITS_WAY, SOLD, Case
from store.audit.checks.findings import Difference, Tally

NAME = "captures equal sold orders, to the penny"
ABOVE = "This sum follows from findings about single orders: when those are right, it is."


@dataclass
class Total:
    """All orders and payments of one currency. Amounts are minor units."""

    orders: int = 0
    sold: int = 0
    captured: int = 0
    given_back: int = 0  # on payments that no sold order needs
    refunded: int = 0  # on orders that were sold

    @property
    def kept(self) -> int:
        """What was captured, less what was given back since nothing was sold for it."""
        return self.captured - self.given_back


class Totals:
    """Adds up case after case."""

    def __init__(self) -> None:
        self.by_currency: defaultdict[str, Total] = defaultdict(Total)

    def add(self, case: Case) -> None:
        """Add one order with its payments, unless it is still on its way."""
        order = case.order
        if order is not None and order.state in ON_ITS_WAY:
            return
        sold = order if order is not None and order.state in SOLD else None
        if sold is not None:
            total = self.by_currency[sold.currency]
            total.orders += 1
            total.sold += sold.total
        for intent in case.intents:
            total = self.by_currency[intent.currency]
            total.captured += intent.received
            if sold is not None and intent.id == sold.intent_id:
                total.refunded += intent.refunded
            else:
                total.given_back += intent.refunded

    def check(self) -> Tally:
        """To the penny, in each currency."""
        tally = Tally(
            NAME,
            "The money that was kept is not the price of what was sold.",
        )
        for currency, total in self.by_currency.items():
            same = total.sold == total.kept
            difference = Difference(str(total.sold), str(total.kept), person=ABOVE)
            tally.count(currency, None if same else difference)
        return tally
