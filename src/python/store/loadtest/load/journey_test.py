import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from store.loadtest.api import Api
from store.loadtest.customers import Account
from store.loadtest.load.journey import Journey
from store.loadtest.load.plan import Card, Fate
from store.loadtest.load.purchase import Purchase
from store.loadtest.load.recorder import Action, Recorder
from store.loadtest.target import Target
from store.loadtest.testing.fake_shop import PRICE, FakeShop
from store.loadtest.testing.journeys import Walk, an_intent
from store.testing.fake_store import Reply


def test_a_buyer_browses_and_places_an_order(walk: Walk, shop: FakeShop) -> None:
    assert walk().seen_state == "confirmed"
    paths = [path.partition("?")[0] for _, path, _, _ in shop.requests if "sessions" not in path]
    assert paths == ["/v1/products", "/v1/products/1", "/v1/variants/MUG", "/v1/orders"]
    ((_, _, key, basket),) = shop.requests_to("/v1/orders")
    assert key == "k"
    assert basket["lines"] == [{"sku": "MUG", "quantity": 2}, {"sku": "BOWL", "quantity": 1}]


def test_the_price_that_was_shown_is_expected_if_the_buyer_names_it(
    walk: Walk, shop: FakeShop
) -> None:
    walk(names_price=True)
    lines = shop.requests_to("/v1/orders")[0][3]["lines"]
    assert [line.get("unit_price") for line in lines] == [PRICE, None]


@pytest.mark.parametrize(
    ("card", "fate", "ends"),
    [
        (Card.PASSES, Fate.KEPT, "confirmed"),
        (Card.DECLINES, Fate.SHIPPED, "rejected"),
        (Card.CHALLENGE_PASSED, Fate.KEPT, "confirmed"),
        (Card.CHALLENGE_PASSED, Fate.DELIVERED, "delivered"),
        (Card.CHALLENGE_FAILED, Fate.KEPT, "rejected"),
        (Card.CHALLENGE_LEFT, Fate.KEPT, "cancelled"),
        (Card.PASSES, Fate.CANCELLED_LATER, "cancelled"),
        (Card.PASSES, Fate.SHIPPED, "shipped"),
        (Card.PASSES, Fate.RETURNED, "delivered"),
    ],
)
def test_each_card_and_fate_takes_the_order_to_its_end(
    walk: Walk, recorder: Recorder, card: Card, fate: Fate, ends: str
) -> None:
    promise = walk(card, fate)
    assert (promise.seen_state, promise.intent) == (ends, f"{card} {fate}")
    assert not recorder.failures


@pytest.mark.parametrize(
    ("fate", "amounts", "refunded"),
    [
        (Fate.REFUNDED_PARTLY, [400], 400),
        (Fate.REFUNDED_WHOLLY, [None], 1000),
        (Fate.REFUNDED_TWICE, [400, None], 1400),
        (Fate.RETURNED, [None], 1000),
    ],
)
def test_refunds_are_asked_for_once_each_and_promised(
    walk: Walk, shop: FakeShop, fate: Fate, amounts: list[int | None], refunded: int
) -> None:
    assert walk(fate=fate).refunded == refunded
    asked = [(key, body) for _, path, key, body in shop.requests if path.endswith("/refunds")]
    assert [body.get("amount") for _, body in asked] == amounts
    assert len({key for key, _ in asked}) == len(amounts)


def test_an_order_is_cancelled_from_another_window_while_it_is_being_placed(
    walk: Walk, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def as_soon_as_it_is_kept() -> Iterator[None]:
        yield
        # The shop has the order; its answer is on its way until somebody has cancelled it.
        give_up = time.monotonic() + 5
        while not shop.bodies("/cancel"):
            assert time.monotonic() < give_up
            time.sleep(0.01)

    answer = FakeShop.answer

    def slow_to_answer(self: FakeShop, method: str, path: str, key: str, body: Any) -> Reply:
        if path != "/v1/orders":
            return answer(self, method, path, key, body)
        with as_soon_as_it_is_kept():
            status, order = answer(self, method, path, key, body)
            copy = dict(order)
        return status, copy

    monkeypatch.setattr(FakeShop, "answer", slow_to_answer)
    # The answer to placing says `confirmed`; it is older than that to cancelling.
    assert walk(fate=Fate.CANCELLED_AT_ONCE).seen_state == "cancelled"


def test_an_order_sent_twice_at_once_is_one_order(
    walk: Walk, shop: FakeShop, recorder: Recorder
) -> None:
    walk(is_sent_twice=True)
    assert [key for _, _, key, _ in shop.requests_to("/v1/orders")] == ["k", "k"]
    assert (len(shop.orders), len(recorder.failures)) == (1, 0)
    assert len(recorder.measured[Action.PLACE_TWICE].seconds) == 2


def test_an_order_that_is_on_its_way_is_followed(
    walk: Walk, shop: FakeShop, recorder: Recorder
) -> None:
    shop.pending = 3
    assert walk().seen_state == "confirmed"
    assert recorder.outcomes(Action.PLACE) == {"pending": 1}
    assert recorder.outcomes(Action.FOLLOW) == {"confirmed": 1}


def test_the_time_of_an_action_counts_from_when_it_was_due(
    api: Api, target: Target, recorder: Recorder
) -> None:
    purchase = Purchase(target, recorder, an_intent(), "k", "EUR")
    anna = Account(api, target.users_url, "anna@example.com", "x")
    Journey(anna, None, purchase, time.monotonic() - 5.0).walk()
    browsing = sorted(recorder.measured[Action.BROWSE].seconds)
    assert browsing[-1] > 5.0
    assert browsing[0] < 4.0
