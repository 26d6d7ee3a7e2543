"""Real orders, so that what the workers and the gateway count is there, too."""

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import requests

from store.testing.fuzz.answers import Answer
from store.testing.fuzz.callers import bearer
from store.testing.fuzz.strange import marks

ANSWER_SECONDS = 20
METHODS = (
    *(
        "pm_card_visa",
        "pm_card_visa",
        "pm_card_visa_chargeDeclined",
        "pm_card_chargeDeclinedFraudulent",
    ),
    *("pm_card_threeDSecure2Required", "pm_card_chargeDeclinedInsufficientFunds"),
)


def buy(
    inventory: str, orders: str, token: str, random: Random, count: int, sent: set[str]
) -> Iterator[Answer]:
    """Place so many orders, of which some cannot be paid for."""
    found = requests.get(f"{inventory}/v1/products?currency=EUR", timeout=ANSWER_SECONDS).json()
    ids = [each["id"] for each in found["items"]]
    words = marks(random)
    for _ in range(count):
        word = next(words)
        sent.add(word)
        address = f"{inventory}/v1/products/{random.choice(ids)}?currency=EUR"
        product = requests.get(address, timeout=ANSWER_SECONDS).json()
        wanted = _order(random.choice(product["variants"])["sku"], random, word)
        headers = {"Idempotency-Key": word, **bearer(token)}
        answer = requests.post(
            f"{orders}/v1/orders", json=wanted, headers=headers, timeout=ANSWER_SECONDS
        )
        yield Answer("orders", f"POST /v1/orders {wanted}", answer.status_code, answer.text)


def _order(sku: str, random: Random, word: str) -> Mapping[str, Any]:
    return {
        "currency": "EUR",
        "lines": [{"sku": sku, "quantity": random.choice((1, 2, 9_999))}],
        "payment_method": random.choice((*METHODS, f"pm_{re.sub(r'[^a-zA-Z0-9]', '_', word)}")),
        "shipping_address": {
            "name": word,
            "line1": word,
            "city": word,
            "postal_code": word[:20],
            "country": "DE",
        },
    }
