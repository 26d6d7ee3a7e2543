import itertools
import time
from typing import Any

import pytest

from store.loadtest.api import Api
from store.loadtest.customers import Account
from store.loadtest.fake_store import Answer
from store.loadtest.load.actors import GaveUp, giving_up
from store.loadtest.load.fake_shop import FakeShop
from store.loadtest.load.journey import Journey
from store.loadtest.load.plan import Fate
from store.loadtest.load.recorder import Action, Recorder
from store.loadtest.load.target import Target
from store.loadtest.load.testing import Walk, a_wish, answering
from store.loadtest.load.visit import Visit


def test_two_orders_for_one_key_are_a_failure(
    walk: Walk, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, numbers = FakeShop.answer, itertools.count(1)

    def forgetful(self: FakeShop, method: str, path: str, key: str, body: Any) -> Answer:
        status, content = answer(self, method, path, key, body)
        return status, {**content, "id": str(next(numbers))} if path == "/v1/orders" else content

    monkeypatch.setattr(FakeShop, "answer", forgetful)
    walk(is_sent_twice=True)
    assert recorder.failures == {("place", "one key, two answers"): 1}


def test_an_order_that_never_ends_is_a_failure(
    walk: Walk, shop: FakeShop, recorder: Recorder, api: Api
) -> None:
    shop.pending, api.patience = 10**9, 0.1
    assert walk().told_state == "pending"
    assert recorder.failures == {("follow", "still pending"): 1}


def test_too_late_to_cancel_is_an_answer_and_no_failure(
    walk: Walk, shop: FakeShop, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = (409, {"code": "not_cancellable"})
    answering(monkeypatch, "/cancel", refusal)
    # He looks how it stands instead.
    assert walk(fate=Fate.CANCELLED_LATER).told_state == "cancelled"
    assert (recorder.outcomes(Action.CANCEL), recorder.failures) == ({"not_cancellable": 1}, {})


def test_an_error_that_stays_is_a_failure_and_ends_the_journey(
    walk: Walk, api: Api, shop: FakeShop, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.patience = 0.1
    answering(monkeypatch, "/v1/orders", (503, {"code": "unavailable"}))
    assert walk(fate=Fate.SHIPPED).told_state == "unanswered"
    assert recorder.failures == {("place", "503 unavailable"): 1}
    assert not shop.bodies("/shipments")


def test_a_gap_in_the_timeline_is_a_failure(
    walk: Walk, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "/events", (200, {"items": [{"number": 1}, {"number": 3}]}))
    walk(reads_timeline=True)
    assert recorder.failures == {("look", "a gap in the timeline"): 1}


def test_somebody_who_is_not_let_in_is_a_failure(
    api: Api, target: Target, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "/v1/sessions", (401, {"code": "bad_credentials"}))
    anna = Account(api, target.users_url, "anna@example.com", "x")
    visit = Visit(target, recorder, a_wish(), "k", "EUR")
    with giving_up(recorder):
        Journey(anna, None, visit, time.monotonic()).walk()
    assert recorder.failures == {("log_in", "401 bad_credentials"): 1}


def test_a_failure_is_not_swallowed_outside_of_a_journey(recorder: Recorder) -> None:
    with pytest.raises(KeyError), giving_up(recorder):
        raise KeyError("a bug")
    with giving_up(recorder):
        raise GaveUp
