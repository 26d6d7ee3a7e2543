import time
from collections.abc import Iterator
from typing import Any

import pytest

from store.loadtest import api as api_module
from store.loadtest.api import Api
from store.loadtest.customers import Account
from store.loadtest.load.actors import failures_recorded
from store.loadtest.load.journey import Journey
from store.loadtest.load.plan import Card, Fate
from store.loadtest.load.purchase import Purchase
from store.loadtest.load.recorder import Promise, Recorder
from store.loadtest.target import Credentials, Target
from store.loadtest.testing.fake_shop import FakeShop
from store.loadtest.testing.journeys import Walk, an_intent
from store.testing.fake_store import serving


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long between attempts and polls."""
    monkeypatch.setattr(api_module, "seconds_to_wait", lambda *_, **__: 0.01)
    for module in ("buyer", "journey"):
        monkeypatch.setattr(f"store.loadtest.load.{module}.POLL_SECONDS", (0.01,))


@pytest.fixture
def shop() -> FakeShop:
    return FakeShop()


@pytest.fixture
def url(shop: FakeShop) -> Iterator[str]:
    with serving(shop) as shop.url:
        yield shop.url


@pytest.fixture
def target(url: str) -> Target:
    return Target(url, url, (url,), Credentials("staff@example.com", "secret"), "secret")


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api(200, patience=2.0)
    yield api
    api.close()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def walk(api: Api, target: Target, recorder: Recorder) -> Walk:
    """Walks a journey to its end; what the buyer has seen of the order."""
    anna, sam = (
        Account(api, target.users_url, f"{name}@example.com", "x") for name in ("anna", "sam")
    )

    def walk(card: Card = Card.PASSES, fate: Fate = Fate.KEPT, **different: Any) -> Promise:
        purchase = Purchase(target, recorder, an_intent(card, fate, **different), "k", "EUR")
        with failures_recorded(recorder):
            Journey(anna, sam, purchase, time.monotonic()).walk()
        return recorder.promises[0]

    return walk
