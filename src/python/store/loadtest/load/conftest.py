import time
from collections.abc import Iterator
from typing import Any

import pytest

from store.loadtest import api as api_module
from store.loadtest.api import Api
from store.loadtest.customers import Account
from store.loadtest.fake_store import serving
from store.loadtest.load.actors import giving_up
from store.loadtest.load.fake_shop import FakeShop
from store.loadtest.load.journey import Journey
from store.loadtest.load.plan import Card, Fate
from store.loadtest.load.recorder import Promise, Recorder
from store.loadtest.load.target import Credentials, Target
from store.loadtest.load.testing import Walk, a_wish
from store.loadtest.load.visit import Visit


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
    """Walks a journey to its end; what the buyer was told about his order."""
    anna, sam = (
        Account(api, target.users_url, f"{name}@example.com", "x") for name in ("anna", "sam")
    )

    def walk(card: Card = Card.PASSES, fate: Fate = Fate.KEPT, **different: Any) -> Promise:
        visit = Visit(target, recorder, a_wish(card, fate, **different), "k", "EUR")
        with giving_up(recorder):
            Journey(anna, sam, visit, time.monotonic()).walk()
        return recorder.promises[0]

    return walk
