"""People who mind webhook endpoints over HTTP, and a program that listens."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from store.auth.callers import Caller, Role
from store.auth.testing import Signer
from store.orders.conftest import Buy
from store.orders.testing.shop import CIPHER, FakeShop
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.dispatch import Dispatcher
from store.orders.webhooks.fake_subscriber import Subscriber, subscribing
from store.orders.webhooks.testing import add_endpoint
from store.server.ids import new_id

Ask = Callable[..., Any]
Create = Callable[..., dict[str, Any]]


@pytest.fixture
def admin() -> Caller:
    """Somebody who may do everything."""
    return Caller(new_id(), Role.ADMIN)


@pytest.fixture
def ask(client: FlaskClient, signer: Signer, admin: Caller) -> Ask:
    """Sends a request about endpoints, as an admin unless said otherwise, with a key of its own."""

    def ask(method: str, path: str = "", body: Any = None, who: Caller = admin, **more: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        headers = {"Idempotency-Key": str(new_id()), **signer.headers(who), **named}
        url = f"/v1/webhook-endpoints{path}"
        return client.open(url, method=method, json=body, headers=headers)

    return ask


@pytest.fixture
def create(ask: Ask) -> Create:
    """Creates an endpoint; the answer's body, with the secret."""

    def create(url: str = "https://shop.example/hooks", **wanted: Any) -> dict[str, Any]:
        answer = ask("POST", body={"url": url, **wanted})
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json
        return body

    return create


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """A program that receives webhooks over real HTTP."""
    with subscribing() as subscriber:
        yield subscriber


def verified(subscriber: Subscriber, secret: str) -> list[Any]:
    """The messages that came, each verified by the Standard Webhooks project's own library."""
    return [Webhook(secret).verify(got.body, got.headers) for got in subscriber.got]


@pytest.fixture
def dispatchers() -> Iterator[list[Dispatcher]]:
    """Two of them, as in two workers."""
    made = [Dispatcher(CIPHER, Subscribers(private=True)) for _ in range(2)]
    yield made
    for each in made:
        each.finish()


@pytest.fixture
def dispatcher(dispatchers: list[Dispatcher]) -> Dispatcher:
    """One of them."""
    return dispatchers[0]


@pytest.fixture
def working(dispatcher: Dispatcher) -> Iterator[None]:
    """A worker works meanwhile."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            dispatcher.step()

    worker = threading.Thread(target=work)
    worker.start()
    yield
    over.set()
    worker.join()


@pytest.fixture
def orders(buy: Buy, shop: FakeShop, subscriber: Subscriber) -> list[UUID]:
    """Ten orders with five events each, that one subscriber is owed."""
    shop.inventory.shelf["MUG"] = 50
    add_endpoint(subscriber.url)
    return [buy(1).id for _ in range(10)]
