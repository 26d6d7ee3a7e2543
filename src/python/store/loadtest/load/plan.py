"""What a load asks of a store: how much, how fast, and in which mix."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Card(StrEnum):
    """How the buyer's card behaves, and he at its bank's 3-D Secure challenge."""

    PASSES = "passes"
    DECLINES = "declines"
    CHALLENGE_PASSED = "challenge_passed"
    CHALLENGE_FAILED = "challenge_failed"
    CHALLENGE_LEFT = "challenge_left"  # he leaves the page, and then cancels the order


class Fate(StrEnum):
    """What happens to an order besides being placed and paid."""

    KEPT = "kept"
    CANCELLED_AT_ONCE = "cancelled_at_once"  # from another window, while it is being placed
    CANCELLED_LATER = "cancelled_later"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    REFUNDED_PARTLY = "refunded_partly"
    REFUNDED_WHOLLY = "refunded_wholly"
    REFUNDED_TWICE = "refunded_twice"  # a part, then what is left
    RETURNED = "returned"  # shipped, delivered, and then refunded wholly


PAYMENT_METHODS: Mapping[Card, tuple[str, ...]] = {
    Card.PASSES: ("pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_jcb"),
    Card.DECLINES: (
        "pm_card_visa_chargeDeclined",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "pm_card_chargeDeclinedExpiredCard",
    ),
    Card.CHALLENGE_PASSED: ("pm_card_threeDSecure2Required", "pm_card_authenticationRequired"),
    Card.CHALLENGE_FAILED: ("pm_card_threeDSecure2Required", "pm_card_threeDSecureRequired"),
    Card.CHALLENGE_LEFT: ("pm_card_threeDSecure2Required",),
}


def _usual_cards() -> Mapping[Card, float]:
    return {
        Card.PASSES: 78,
        Card.DECLINES: 8,
        Card.CHALLENGE_PASSED: 8,
        Card.CHALLENGE_FAILED: 3,
        Card.CHALLENGE_LEFT: 3,
    }


def _usual_fates() -> Mapping[Fate, float]:
    return {
        Fate.KEPT: 48,
        Fate.CANCELLED_AT_ONCE: 7,
        Fate.CANCELLED_LATER: 7,
        Fate.SHIPPED: 8,
        Fate.DELIVERED: 10,
        Fate.REFUNDED_PARTLY: 6,
        Fate.REFUNDED_WHOLLY: 5,
        Fate.REFUNDED_TWICE: 5,
        Fate.RETURNED: 4,
    }


@dataclass(frozen=True)
class Mix:
    """How often what happens: weights of cards and fates, and shares (0 to 1) of the rest."""

    cards: Mapping[Card, float] = field(default_factory=_usual_cards)
    fates: Mapping[Fate, float] = field(default_factory=_usual_fates)
    names_price: float = 0.3  # the order says which price the buyer was shown
    sent_twice: float = 0.1  # the order is sent twice at the same time, with one key
    reads_timeline: float = 0.3


@dataclass(frozen=True)
class Plan:
    """One load. The same plan against the same catalogue asks for the same things in the same order.

    `rate` is in journeys per second. `skus` are what is bought, all that is in stock if none are
    named; `hot_sku` is in `hot_share` of the orders, one that the seed chooses if none is named.
    `think_seconds` is how long people wait on average before what they do next.
    """

    seed: int
    rate: float
    journeys: int
    customers: int = 40
    hot_share: float = 0.1
    mix: Mix = field(default_factory=Mix)
    skus: tuple[str, ...] = ()
    hot_sku: str = ""
    think_seconds: float = 0.5
    currency: str = "EUR"
