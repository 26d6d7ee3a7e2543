"""The whole API of a store, fuzzed: what it describes, and what nobody would describe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import requests

from store.chaos.own_store import OwnStore
from store.devstack.accounts import ADMIN, CUSTOMER
from store.testing.fuzz.answers import FuzzResponse, failures
from store.testing.fuzz.callers import NOBODY, bearer, tokens
from store.testing.fuzz.forms import send_forms
from store.testing.fuzz.generated import OpenApiService
from store.testing.fuzz.orders import buy
from store.testing.fuzz.rpc import send_calls
from store.testing.fuzz.strange import send, strange_requests

EXAMPLES = 24  # of each operation, by OpenAPI
STRANGE = 150  # to each service
FORMS = 150
CALLS = 150
ORDERS = 25


@dataclass
class FuzzResult:
    """What was sent that stands nowhere else, and what came of it."""

    sent: set[str] = field(default_factory=set)
    answers: list[FuzzResponse] = field(default_factory=list)
    rpc_faults: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Every answer that was the store's own fault."""
        return [*failures(self.answers), *self.rpc_faults]


def services(store: OwnStore) -> Mapping[str, str]:
    """The addresses of all public APIs."""
    return {
        "users": store.users_url,
        "inventory": store.inventory_url,
        "orders": store.orders_urls[0],
        "gateway": store.gateway_url,
    }


def fuzz(store: OwnStore, number: int) -> FuzzResult:
    """Ask everything, as everybody; `number` seeds all that is random."""
    random, result = Random(number), FuzzResult()  # noqa: S311 - to be repeated, not to be secret
    who, known = tokens(store), things(store)
    result.answers += buy(
        store.inventory_url, store.orders_urls[0], who[CUSTOMER], random, ORDERS, result.sent
    )
    key = store.secrets.payment_key
    for service, url in services(store).items():
        callers = {"shop": key, NOBODY: ""} if service == "gateway" else who
        result.answers += OpenApiService(service, url).ask(number, EXAMPLES, callers, known)
        for request in strange_requests(random, STRANGE, result.sent):
            result.answers.append(send(service, url, request))
    result.answers += send_forms(store.gateway_url, key, random, FORMS, result.sent)
    result.rpc_faults += send_calls(
        store.rpc_address, store.secrets.rpc_key, random, CALLS, result.sent
    )
    return result


def things(store: OwnStore) -> Mapping[str, str]:
    """One of everything that there is, by the name of its path parameter."""
    who = tokens(store)

    def first(url: str, token: str, name: str) -> str:
        found = requests.get(url, headers=bearer(token), timeout=20).json()["items"]
        return str(found[0][name]) if found else ""

    inventory, orders = store.inventory_url, store.orders_urls[0]
    named = {
        "product_id": first(f"{inventory}/v1/products", "", "id"),
        "category_id": first(f"{inventory}/v1/categories", "", "id"),
        "order_id": first(f"{orders}/v1/orders", who[CUSTOMER], "id"),
        "endpoint_id": first(f"{orders}/v1/webhook-endpoints", who[ADMIN], "id"),
        "user_id": first(f"{store.users_url}/v1/users", who[ADMIN], "id"),
    }
    return {name: value for name, value in named.items() if value}
