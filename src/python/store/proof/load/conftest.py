from collections.abc import Iterator

import pytest

from store.proof import api as api_module
from store.proof.api import Api
from store.proof.fake_store import serving
from store.proof.load.fake_shop import FakeShop
from store.proof.load.target import Credentials, Target


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long between attempts and polls."""
    monkeypatch.setattr(api_module, "seconds_to_wait", lambda *_, **__: 0.01)
    for module in ("buyer", "journey"):
        monkeypatch.setattr(f"store.proof.load.{module}.POLL_SECONDS", (0.01,))


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
