import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from store.cli.interrupts import Interruption
from store.loadtest import api as api_module
from store.loadtest.api import Api
from store.testing.fake_store import FakeStore, Reply, serving

GOOD = (200, {"id": "7"})
TROUBLE = [(503, {}), (500, {}), (429, {}), (409, {"code": "idempotency_key_in_flight"})]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "seconds_to_wait", lambda *_, **__: 0.01)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api(4, patience=5.0)
    yield api
    api.close()


class Replicas:
    """Some replicas, each with the answers it gives in turn."""

    def __init__(self, *answers: list[Reply]) -> None:
        self.stores = [FakeStore(each) for each in answers]
        self._serving = ExitStack()

    def __enter__(self) -> list[str]:
        urls = [self._serving.enter_context(serving(store)) for store in self.stores]
        return [f"{url}/v1/orders" for url in urls]

    def __exit__(self, *_: object) -> None:
        self._serving.close()

    @property
    def keys(self) -> list[list[str | None]]:
        """The Idempotency-Keys that each replica was asked with."""
        return [[key for _, _, key, _ in store.requests] for store in self.stores]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_fails_at_one_replica_is_asked_of_the_next_with_the_same_key(
    api: Api, trouble: Reply
) -> None:
    replicas = Replicas([trouble], [trouble], [GOOD])
    with replicas as urls:
        answer = api.call("POST", urls, {"a": 1}, {"Idempotency-Key": "k"})
    assert (answer.status, answer.attempts) == (200, 3)
    assert replicas.keys == [["k"], ["k"], ["k"]]


def test_after_the_last_replica_comes_the_first_again(api: Api) -> None:
    replicas = Replicas([(503, {}), GOOD], [(503, {})])
    with replicas as urls:
        assert api.call("POST", urls, {}, {"Idempotency-Key": "k"}).attempts == 3
    assert replicas.keys == [["k", "k"], ["k"]]


def test_a_replica_where_nobody_answers_is_passed_by(api: Api) -> None:
    with Replicas([GOOD]) as urls:
        answer = api.call("GET", ["http://127.0.0.1:9/v1/orders", *urls])
    assert (answer.status, answer.body, answer.attempts) == (200, {"id": "7"}, 2)


@pytest.mark.parametrize("refusal", [(404, {}), (422, {"code": "invalid"}), (409, {"code": "x"})])
def test_a_definite_answer_is_taken_at_once(api: Api, refusal: Reply) -> None:
    with Replicas([refusal]) as urls:
        assert api.call("POST", urls, {}).attempts == 1


def test_patience_has_an_end_and_the_last_answer_is_told(api: Api) -> None:
    api.patience = 0.2
    with Replicas([(503, {"code": "unavailable"})] * 1000) as urls:
        began = time.monotonic()
        answer = api.call("GET", urls)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.attempts > 1
    assert time.monotonic() - began < 2.0


def test_the_wait_grows_only_after_every_replica_has_failed_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[int] = []

    def noted(failed: int, **_: Any) -> float:
        failures.append(failed)
        return 0.0

    monkeypatch.setattr(api_module, "seconds_to_wait", noted)
    with Replicas([(503, {})] * 2 + [GOOD], [(503, {})] * 2) as urls:
        api.call("GET", urls)
    assert failures == [0, 1, 1, 2, 2]


def test_a_form_is_sent_as_browsers_do_and_its_redirect_not_followed(api: Api) -> None:
    store = FakeStore([(303, {})])
    with serving(store) as url:
        answer = api.submit(f"{url}/challenges/1", {"outcome": "complete"})
    assert answer.status == 303
    assert store.requests == [("POST", "/challenges/1", None, {"outcome": "complete"})]


def test_a_form_takes_the_detour_to_a_place_that_only_has_a_name_elsewhere(api: Api) -> None:
    store = FakeStore([(303, {})])
    with serving(store) as url:
        api.detours["http://store-gateway:8000"] = url
        api.submit("http://store-gateway:8000/challenges/1", {"outcome": "complete"})
    assert [path for _, path, _, _ in store.requests] == ["/challenges/1"]


def test_whoever_waits_is_woken_when_somebody_stops_us(api: Api) -> None:
    threading.Timer(0.1, api.stopping.set).start()
    began = time.monotonic()
    with pytest.raises(Interruption):
        api.sleep(30)
    assert time.monotonic() - began < 10
    with pytest.raises(Interruption):
        api.call("GET", "http://127.0.0.1:9/")
