from collections import Counter
from typing import Any

import pytest

from store.loadtest.api import Api
from store.loadtest.load.rush import rush
from store.loadtest.target import Target
from store.loadtest.testing.fake_shop import FakeShop
from store.testing.fake_store import FakeStore, Reply, serving


class ScarceShop(FakeShop):
    """Sells three, and then nothing more."""

    def _new(self, order_id: str, body: Any) -> dict[str, Any]:
        order = super()._new(order_id, body)
        if int(order_id) > 3:
            order |= {"state": "rejected", "reason": "out_of_stock"}
        return order


@pytest.fixture
def shop() -> FakeShop:
    return ScarceShop(slow=0.2)


def test_every_buyer_is_told_whether_he_got_one(api: Api, target: Target, shop: FakeShop) -> None:
    recorder = rush(api, target, 12, "MUG", customers=4)
    seen = Counter((promise.seen_state, promise.reason) for promise in recorder.promises)
    assert seen == {("confirmed", ""): 3, ("rejected", "out_of_stock"): 9}
    assert len({promise.order_id for promise in recorder.promises}) == 12
    assert len(shop.requests_to("/v1/users")) == 4


def test_all_ask_at_the_same_moment_for_one_unit(api: Api, target: Target, shop: FakeShop) -> None:
    recorder = rush(api, target, 20, "MUG", customers=2)
    assert recorder.seconds < 20 * shop.slow
    lines = [body["lines"] for _, path, _, body in shop.requests if path == "/v1/orders"]
    assert lines == [[{"sku": "MUG", "quantity": 1}]] * 20


def test_they_come_through_all_replicas_as_the_seed_says(api: Api, url: str) -> None:
    with serving(CountingReplica()) as one, serving(CountingReplica()) as two:
        target = Target(url, url, (one, two), secret="secret")
        rush(api, target, 10, "MUG", customers=2)
    assert [store.placed for store in CountingReplica.all] == [5, 5]


class CountingReplica(FakeStore):
    """A replica that counts what is placed through it."""

    all: list["CountingReplica"] = []

    def __init__(self) -> None:
        super().__init__()
        self.placed = 0
        self._shop = FakeShop()
        CountingReplica.all.append(self)

    def answer(self, method: str, path: str, key: str | None, body: Any) -> Reply:
        self.placed += path == "/v1/orders"
        return self._shop.answer(method, path, key, body)
