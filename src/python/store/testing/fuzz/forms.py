"""Forms for the gateway, whose API describes no bodies: names it knows, values it may not."""

from collections.abc import Iterator
from random import Random

import requests

from store.testing.fuzz.answers import FuzzResponse
from store.testing.fuzz.strange import CURRENCIES, marks

ANSWER_SECONDS = 15
PATHS = (
    *("payment_intents", "payment_intents", "refunds", "payment_intents/{}", "refunds/{}"),
    *("payment_intents/{}/confirm", "payment_intents/{}/capture", "payment_intents/{}/cancel"),
)
METHODS = ("pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_threeDSecure2Required")


def send_forms(
    url: str, key: str, random: Random, count: int, sent: set[str]
) -> list[FuzzResponse]:
    """What the gateway answers to so many; what is distinctive about each is put into `sent`."""
    words = marks(random)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        return [_post(session, url, random, words, sent) for _ in range(count)]


def _post(
    session: requests.Session, url: str, random: Random, words: Iterator[str], sent: set[str]
) -> FuzzResponse:
    word = next(words)
    sent.add(word)
    path = f"/v1/{random.choice(PATHS).format(f'pi_{word}')}"
    form = {
        "amount": random.choice(("1250", "-1", "0", "1e9", word)),
        "currency": random.choice((*CURRENCIES, word)),
        "payment_method": random.choice((*METHODS, f"pm_{word}")),
        "capture_method": random.choice(("manual", "automatic", word)),
        "confirm": random.choice(("true", "false", word)),
        "return_url": f"http://127.0.0.1:9/{word}",
        f"metadata[{word}]": word,
        "payment_intent": f"pi_{word}",
        "reason": random.choice(("duplicate", word)),
        word: word,
    }
    kept = dict(random.sample(sorted(form.items()), random.randrange(len(form))))
    kept = {"amount": "1250", "currency": "eur"} | kept if random.random() < 0.5 else kept
    headers = {"Idempotency-Key": word, "Stripe-Version": word}
    answer = session.post(url + path, data=kept, headers=headers, timeout=ANSWER_SECONDS)
    return FuzzResponse("gateway", f"POST {path} {kept}", answer.status_code, answer.text)
