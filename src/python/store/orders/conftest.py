"""A fresh, migrated database for each test, a shop without a network, and people."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller, Role
from store.auth.testing import Signer
from store.database.database import Database
from store.database.testing import own_copy, postgres  # noqa: F401
from store.orders.app import create_app
from store.orders.composition import AppDependencies
from store.orders.models import tables
from store.orders.models.order import Line, Order
from store.orders.testing.counts import counted, written
from store.orders.testing.shop import (
    ADDRESS,
    CIPHER,
    WEBHOOK_SECRET,
    FakeShop,
    basket,
    fake_shop,
    started,
)
from store.orders.use_cases.placement import Basket, place_order
from store.orders.webhooks.clients import Subscribers
from store.server.ids import new_id

Place = Callable[..., Any]
Get = Callable[..., Any]
Buy = Callable[..., Order]


database_config, database = own_copy("orders", tables.database, autouse=True)


@pytest.fixture
def honest_counters(database: Database) -> Iterator[None]:
    """Afterwards, what was counted must be what was written: no more, no less."""
    counted_before, written_before = counted(), written()
    yield
    assert counted() - counted_before == written() - written_before


@pytest.fixture
def shop() -> FakeShop:
    """Five mugs and two cups on the shelf."""
    return fake_shop(MUG=5, CUP=2)


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Makes tokens that our application believes."""
    return Signer()


@pytest.fixture
def buyer() -> Caller:
    """A customer."""
    return Caller(new_id(), Role.CUSTOMER)


@pytest.fixture
def clerk() -> Caller:
    """Somebody who works here."""
    return Caller(new_id(), Role.STAFF)


@pytest.fixture
def buy(buyer: Caller, shop: FakeShop) -> Buy:
    """Places an order of mugs without HTTP; `seconds` is how long the buyer waits."""

    def buy(quantity: int = 2, method: str = "pm_card_visa", seconds: float = 2.0) -> Order:
        basket = Basket("EUR", (Line("MUG", quantity),), method, ADDRESS)
        return place_order(buyer, basket, started(buyer), shop, seconds)

    return buy


@pytest.fixture
def place(client: FlaskClient, signer: Signer, buyer: Caller) -> Place:
    """Places an order over HTTP, as the buyer unless said otherwise."""

    def place(body: Any = None, key: str = "", who: Caller = buyer, **changes: Any) -> Any:
        headers = {**signer.headers(who), "Idempotency-Key": key or str(new_id())}
        body = basket(**changes) if body is None else body
        return client.post("/v1/orders", json=body, headers=headers)

    return place


@pytest.fixture
def client(signer: Signer, shop: FakeShop) -> FlaskClient:
    """Talks to orders over HTTP."""
    dependencies = AppDependencies(shop, WEBHOOK_SECRET, 0.5, CIPHER, Subscribers(private=True))
    return create_app(signer.verifier(), dependencies).test_client()


@pytest.fixture
def get(client: FlaskClient, signer: Signer, buyer: Caller) -> Get:
    """Reads orders over HTTP, as the buyer unless said otherwise."""

    def get(path: str, who: Caller = buyer, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(f"/v1/orders{path}", headers={**signer.headers(who), **named})

    return get
