"""Real orders, so that what the workers and the gateway count is there, too."""

import re
from collections.abc import Iterator
from random import Random

import requests

from store.loadtest.orders_client import order_body, shipping_address
from store.testing.fuzz.answers import FuzzResponse
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
) -> Iterator[FuzzResponse]:
    """Place so many orders, of which some cannot be paid for."""
    found = requests.get(f"{inventory}/v1/products?currency=EUR", timeout=ANSWER_SECONDS).json()
    ids = [each["id"] for each in found["items"]]
    words = marks(random)
    for _ in range(count):
        word = next(words)
        sent.add(word)
        address = f"{inventory}/v1/products/{random.choice(ids)}?currency=EUR"
        product = requests.get(address, timeout=ANSWER_SECONDS).json()
        body = order_body(
            {random.choice(product["variants"])["sku"]: random.choice((1, 2, 9_999))},
            shipping_address(word, word, city=word, postal_code=word[:20], country="DE"),
            payment_method=random.choice((*METHODS, f"pm_{re.sub(r'[^a-zA-Z0-9]', '_', word)}")),
        )
        headers = {"Idempotency-Key": word, **bearer(token)}
        # Not by the client of loadtest: it repeats what fails, and here a failure is to be seen.
        answer = requests.post(
            f"{orders}/v1/orders", json=body, headers=headers, timeout=ANSWER_SECONDS
        )
        yield FuzzResponse("orders", f"POST /v1/orders {body}", answer.status_code, answer.text)
