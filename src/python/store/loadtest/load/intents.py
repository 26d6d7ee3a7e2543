"""What each buyer will do, drawn from the seed before anything is asked."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from typing import TypeVar

from store.loadtest.load.plan import PAYMENT_METHODS, Card, Fate, Plan

MAX_LINES = 4
MAX_UNITS = 3
LONGEST_THOUGHT = 6.0  # times the average

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """Something to buy: a variant, and the product it belongs to."""

    sku: str
    product_id: str
    title: str


@dataclass(frozen=True)
class BuyerIntent:
    """What one buyer will do, whatever the store answers. `lines` are units by SKU."""

    number: int
    customer: int
    looked_at: Item
    lines: Mapping[str, int]
    names_price: bool
    is_sent_twice: bool
    card: Card
    payment_method: str
    fate: Fate
    refund_share: float
    reads_timeline: bool
    thoughts: tuple[float, ...]  # seconds before each further thing he does

    @property
    def summary(self) -> str:
        """In two words what he does about paying, and what becomes of the order."""
        return f"{self.card} {self.fate}"


def arrivals(plan: Plan) -> Iterator[float]:
    """When each journey begins, in seconds from the start: a Poisson process."""
    chance = _random(plan, "arrivals")
    return accumulate(chance.expovariate(rate) for rate in repeat(plan.rate, plan.journeys))


def hot_item(plan: Plan, items: Sequence[Item]) -> Item:
    """The item that everybody wants."""
    by_sku = {item.sku: item for item in items}
    return by_sku.get(plan.hot_sku) or _random(plan, "hot").choice(items)


def draw_intent(plan: Plan, items: Sequence[Item], number: int) -> BuyerIntent:
    """What the buyer of journey `number` will do. The items have to be in the same order each time."""
    chance = _random(plan, f"journey {number}")
    chosen = _choose(plan, items, chance)
    card = _weighed(chance, plan.mix.cards)
    return BuyerIntent(
        number=number,
        customer=chance.randrange(plan.customers),
        looked_at=chosen[0],
        lines={item.sku: chance.randint(1, MAX_UNITS) for item in chosen},
        names_price=chance.random() < plan.mix.names_price,
        is_sent_twice=chance.random() < plan.mix.sent_twice,
        card=card,
        payment_method=chance.choice(PAYMENT_METHODS[card]),
        fate=_weighed(chance, plan.mix.fates),
        refund_share=chance.uniform(0.1, 0.6),
        reads_timeline=chance.random() < plan.mix.reads_timeline,
        thoughts=tuple(
            min(chance.expovariate(1.0), LONGEST_THOUGHT) * plan.think_seconds for _ in range(8)
        ),
    )


def _choose(plan: Plan, items: Sequence[Item], chance: random.Random) -> Sequence[Item]:
    """1 to 4 different items; sometimes the first of them is the hot one."""
    chosen = chance.sample(items, min(chance.randint(1, MAX_LINES), len(items)))
    if chance.random() < plan.hot_share:
        hot = hot_item(plan, items)
        chosen = [hot, *(item for item in chosen[1:] if item != hot)]
    return chosen


def _weighed(chance: random.Random, weights: Mapping[T, float]) -> T:
    return chance.choices([*weights], [*weights.values()])[0]


def _random(plan: Plan, what: str) -> random.Random:
    # Each has its own source, so that no draw depends on how many others were made before.
    return random.Random(f"{plan.seed} {what}")  # noqa: S311 - no secret
