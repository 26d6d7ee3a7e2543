from collections import Counter
from typing import Any

import pytest

from store.loadtest.api import Api
from store.loadtest.fake_store import Answer, FakeStore, serving
from store.loadtest.load.fake_shop import FakeShop
from store.loadtest.load.rush import rush
from store.loadtest.load.target import Target


class Scarce(FakeShop):
    """Sells three, and then nothing more."""

    def _new(self, order_id: str, body: Any) -> dict[str, Any]:
        order = super()._new(order_id, body)
        if int(order_id) > 3:
            order |= {"state": "rejected", "reason": "out_of_stock"}
        return order


@pytest.fixture
def shop() -> FakeShop:
    return Scarce(slow=0.2)


def test_every_buyer_is_told_whether_he_got_one(api: Api, target: Target, shop: FakeShop) -> None:
    recorder = rush(api, target, 12, "MUG", customers=4)
    told = Counter((promise.told_state, promise.reason) for promise in recorder.promises)
    assert told == {("confirmed", ""): 3, ("rejected", "out_of_stock"): 9}
    assert len({promise.order_id for promise in recorder.promises}) == 12
    assert len(shop.asked_for("/v1/users")) == 4


def test_all_ask_at_the_same_moment_for_one_unit(api: Api, target: Target, shop: FakeShop) -> None:
    recorder = rush(api, target, 20, "MUG", customers=2)
    assert recorder.seconds < 20 * shop.slow
    lines = [body["lines"] for _, path, _, body in shop.asked if path == "/v1/orders"]
    assert lines == [[{"sku": "MUG", "quantity": 1}]] * 20


def test_they_come_through_all_replicas_as_the_seed_says(api: Api, url: str) -> None:
    with serving(Counting()) as one, serving(Counting()) as two:
        target = Target(url, url, (one, two), secret="secret")
        rush(api, target, 10, "MUG", customers=2)
    assert [store.placed for store in Counting.all] == [5, 5]


class Counting(FakeStore):
    """A replica that counts what is placed through it."""

    all: list["Counting"] = []

    def __init__(self) -> None:
        super().__init__()
        self.placed = 0
        self._shop = FakeShop()
        Counting.all.append(self)

    def answer(self, method: str, path: str, key: str | None, body: Any) -> Answer:
        self.placed += path == "/v1/orders"
        return self._shop.answer(method, path, key, body)
