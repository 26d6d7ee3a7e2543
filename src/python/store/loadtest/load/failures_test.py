import itertools
import time
from typing import Any

import pytest

from store.loadtest.api import Api
from store.loadtest.customers import Account
from store.loadtest.load.actors import JourneyFailure, failures_recorded
from store.loadtest.load.journey import Journey
from store.loadtest.load.plan import Fate
from store.loadtest.load.purchase import Purchase
from store.loadtest.load.recorder import Action, Recorder
from store.loadtest.target import Target
from store.loadtest.testing.fake_shop import FakeShop
from store.loadtest.testing.journeys import Walk, an_intent, answering
from store.testing.fake_store import Reply


def test_two_orders_for_one_key_are_a_failure(
    walk: Walk, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, numbers = FakeShop.answer, itertools.count(1)

    def forgetful(self: FakeShop, method: str, path: str, key: str, body: Any) -> Reply:
        status, content = answer(self, method, path, key, body)
        return status, {**content, "id": str(next(numbers))} if path == "/v1/orders" else content

    monkeypatch.setattr(FakeShop, "answer", forgetful)
    walk(is_sent_twice=True)
    assert recorder.failures == {("place", "one key, two answers"): 1}


def test_an_order_that_never_ends_is_a_failure(
    walk: Walk, shop: FakeShop, recorder: Recorder, api: Api
) -> None:
    shop.pending, api.patience = 10**9, 0.1
    assert walk().seen_state == "pending"
    assert recorder.failures == {("follow", "still pending"): 1}


def test_too_late_to_cancel_is_an_answer_and_no_failure(
    walk: Walk, shop: FakeShop, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = (409, {"code": "not_cancellable"})
    answering(monkeypatch, "/cancel", refusal)
    # He looks how it stands instead.
    assert walk(fate=Fate.CANCELLED_LATER).seen_state == "cancelled"
    assert (recorder.outcomes(Action.CANCEL), recorder.failures) == ({"not_cancellable": 1}, {})


def test_an_error_that_stays_is_a_failure_and_ends_the_journey(
    walk: Walk, api: Api, shop: FakeShop, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.patience = 0.1
    answering(monkeypatch, "/v1/orders", (503, {"code": "unavailable"}))
    assert walk(fate=Fate.SHIPPED).seen_state == "unanswered"
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
    purchase = Purchase(target, recorder, an_intent(), "k", "EUR")
    with failures_recorded(recorder):
        Journey(anna, None, purchase, time.monotonic()).walk()
    assert recorder.failures == {("log_in", "401 bad_credentials"): 1}


def test_a_failure_is_not_swallowed_outside_of_a_journey(recorder: Recorder) -> None:
    with pytest.raises(KeyError), failures_recorded(recorder):
        raise KeyError("a bug")
    with failures_recorded(recorder):
        raise JourneyFailure
