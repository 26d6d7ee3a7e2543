"""Money, added up per currency: what was sold against what was captured."""

from collections import defaultdict
from dataclasses import dataclass

from store.proof.audit.cases import SOLD, Case
from store.proof.audit.findings import Tally


@dataclass
class Total:
    """All orders and payments of one currency. Amounts are minor units."""

    orders: int = 0
    sold: int = 0
    captured: int = 0
    given_back: int = 0  # on orders that came to nothing
    refunded: int = 0  # on orders that were sold

    @property
    def kept(self) -> int:
        """What was captured, less what was given back for orders that came to nothing."""
        return self.captured - self.given_back


class Totals:
    """Adds up case after case."""

    def __init__(self) -> None:
        self.by_currency: defaultdict[str, Total] = defaultdict(Total)

    def add(self, case: Case) -> None:
        """Add one order with its payments."""
        sold = case.order is not None and case.order.state in SOLD
        if case.order is not None and sold:
            total = self.by_currency[case.order.currency]
            total.orders += 1
            total.sold += case.order.total
        for intent in case.intents:
            total = self.by_currency[intent.currency]
            total.captured += intent.received
            if sold:
                total.refunded += intent.refunded
            else:
                total.given_back += intent.refunded

    def check(self) -> Tally:
        """To the penny, in each currency."""
        tally = Tally("captures equal sold orders, to the penny")
        return tally.count_all(
            (currency, total.sold, total.kept) for currency, total in self.by_currency.items()
        )
