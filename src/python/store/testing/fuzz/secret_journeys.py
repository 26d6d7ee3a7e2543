"""Pushes secrets through every endpoint, and hears what the answers say of them."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice

import requests

from store.chaos.own_store import OwnStore
from store.testing.fuzz.callers import bearer, tokens
from store.testing.fuzz.canaries import CanaryRequest, canary_requests, forms_with
from store.testing.fuzz.fuzzer import services
from store.testing.fuzz.generated import OpenApiService
from store.testing.fuzz.search import found
from store.testing.fuzz.secret_words import Secret

AT_ONCE = 6
ANSWER_SECONDS = 30
ENDPOINTS_MET = 5  # by how many secrets each endpoint is met; the next one meets the next secrets
CASES = 1


@dataclass(frozen=True)
class Push:
    """One request on its way."""

    service: str
    url: str
    canary: CanaryRequest
    secret: Secret
    caller: Mapping[str, str]


def pushes(store: OwnStore, secrets: Sequence[Secret]) -> list[Push]:
    """Requests to every endpoint of every service, with every secret."""
    made = []
    callers = cycle(bearer(token) for token in tokens(store).values())
    for service, url in services(store).items():
        shop = cycle([bearer(store.secrets.payment_key)])
        whose = shop if service == "gateway" else callers
        for number, case in enumerate(OpenApiService(service, url).examples(CASES)):
            for secret in islice(cycle(secrets), number, number + ENDPOINTS_MET):
                made += [
                    Push(service, url, each, secret, next(whose))
                    for each in canary_requests(case, secret)
                ]
    key = bearer(store.secrets.payment_key)
    forms = ((secret, form) for secret in secrets for form in forms_with(secret))
    made += [Push("gateway", store.gateway_url, form, secret, key) for secret, form in forms]
    return made


def send_all(pushes: Sequence[Push]) -> tuple[int, list[str]]:
    """How many were answered, and which errors quote a secret that they may not."""
    with ThreadPoolExecutor(AT_ONCE) as pool, requests.Session() as session:
        answers = list(pool.map(lambda push: _send(session, push), pushes))
    answered = [
        (push, answer) for push, answer in zip(pushes, answers, strict=True) if answer is not None
    ]
    return len(answered), [echo for push, answer in answered for echo in _echoes(push, answer)]


def _send(session: requests.Session, push: Push) -> requests.Response | None:
    """What is answered; None if nothing is, because somebody is down."""
    sent = push.canary
    headers = {**(push.caller if sent.known_caller else {}), **sent.headers}
    request = requests.Request(sent.method, push.url, headers=headers, data=sent.body)
    ready = session.prepare_request(request)
    ready.url = push.url + sent.path  # as it is: the library would mend it
    try:
        return session.send(ready, timeout=ANSWER_SECONDS, allow_redirects=False)
    except requests.ConnectionError:
        return None


def _echoes(push: Push, answer: requests.Response) -> Iterator[str]:
    # The gateway speaks like Stripe, which quotes ids, keys and parameters: those it may quote.
    as_a_name = push.canary.as_a_name or push.service == "gateway"
    if answer.status_code < 400 or (as_a_name and not push.secret.has_looks):
        return
    where = f"{answer.status_code} of {push.service} to {push.canary.method}"
    yield from found({where: answer.text}, [push.secret])
