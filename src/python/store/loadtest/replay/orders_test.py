import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from store.loadtest import api as api_module
from store.loadtest.api import Api
from store.loadtest.customers import Customer
from store.loadtest.replay.invoices import Basket
from store.loadtest.replay.orders import Destination, at_once, place
from store.testing.fake_store import FakeStore, serving

BASKET = Basket("536365", "2010", "17850", Counter({"MUG": 2}))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def url(store: FakeStore) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture
def shop(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Destination]:
    monkeypatch.setattr(api_module, "seconds_to_wait", lambda *_, **__: 0.01)
    monkeypatch.setattr("store.loadtest.replay.orders.POLL_SECONDS", (0.01,))
    api = Api(4)
    yield Destination(api, url, "GBP", "digest")
    api.close()


@pytest.fixture
def customer(shop: Destination, url: str) -> Customer:
    return Customer(shop.api, url, "secret", "17850")


def test_an_order_that_ends_at_once_is_its_outcome(
    shop: Destination, customer: Customer, store: FakeStore
) -> None:
    store.answers = [(201, {"id": "7", "state": "rejected", "reason": "out_of_stock"})]
    outcome = place(shop, customer, BASKET)
    assert (outcome.state, outcome.reason, outcome.id) == ("rejected", "out_of_stock", "7")
    (_, _, _, body) = store.requests_to("/v1/orders")[0]
    assert (body["currency"], body["lines"]) == ("GBP", [{"sku": "MUG", "quantity": 2}])


@pytest.mark.parametrize(
    "trouble",
    [(503, {}), (500, {}), (429, {}), (409, {"code": "idempotency_key_in_flight"})],
)
def test_a_failure_that_is_safe_to_repeat_is_repeated_under_the_same_key(
    shop: Destination, customer: Customer, store: FakeStore, trouble: tuple[int, dict[str, Any]]
) -> None:
    store.answers = [trouble, (201, {"id": "7", "state": "confirmed"})]
    outcome = place(shop, customer, BASKET)
    assert (outcome.state, outcome.attempts) == ("confirmed", 2)
    assert len({key for _, _, key, _ in store.requests_to("/v1/orders")}) == 1


def test_an_order_that_takes_longer_is_followed_to_its_end(
    shop: Destination, customer: Customer, store: FakeStore
) -> None:
    pending = {"id": "7", "state": "pending"}
    store.answers = [(202, pending), (200, pending), (200, {"id": "7", "state": "confirmed"})]
    assert place(shop, customer, BASKET).state == "confirmed"
    assert len(store.requests_to("/v1/orders/7")) == 2


def test_an_order_that_never_ends_is_not_final(
    shop: Destination, customer: Customer, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.loadtest.replay.orders.FINAL_SECONDS", 0.0)
    store.answers = [(202, {"id": "7", "state": "pending"})]
    outcome = place(shop, customer, BASKET)
    assert (outcome.state, outcome.is_final) == ("pending", False)


def test_what_the_store_refuses_is_told_with_its_code(
    shop: Destination, customer: Customer, store: FakeStore
) -> None:
    store.answers = [(422, {"code": "invalid"})]
    outcome = place(shop, customer, BASKET)
    assert (outcome.state, outcome.reason) == ("refused", "invalid")


def test_a_token_that_is_no_longer_taken_is_refreshed(
    shop: Destination, customer: Customer, store: FakeStore
) -> None:
    store.answers = [(401, {}), (201, {"id": "7", "state": "confirmed"})]
    assert place(shop, customer, BASKET).state == "confirmed"
    assert len(store.requests_to("/v1/sessions/refresh")) == 1


def test_a_store_that_is_gone_leaves_the_order_unanswered(
    customer: Customer, shop: Destination
) -> None:
    customer.headers()
    shop.api.patience = 0.05
    nowhere = Destination(shop.api, "http://127.0.0.1:9", "GBP", "digest")
    assert place(nowhere, customer, BASKET).state == "unanswered"


def test_the_key_depends_on_the_file_and_the_order(shop: Destination, url: str) -> None:
    other = Destination(shop.api, url, "GBP", "another file")
    assert len({shop.key("1"), shop.key("2"), other.key("1")}) == 3
    assert shop.key("1") == shop.key("1")


def test_work_is_done_by_many_at_once_and_none_is_left_out() -> None:
    together = threading.Barrier(4, timeout=10)

    def work(number: int) -> int:
        together.wait()
        return number

    assert sorted(at_once(work, range(8), workers=4)) == list(range(8))
