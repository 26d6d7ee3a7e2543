"""Trying an endpoint over HTTP, against a program that really listens."""

import threading
from typing import Any

import pytest

from store.auth.callers import Caller
from store.orders.models.tables import database
from store.orders.webhooks import trial, trial_queue
from store.orders.webhooks.clients import Receipt, Subscribers
from store.orders.webhooks.conftest import Ask, Create, verified
from store.orders.webhooks.dispatch import Dispatcher
from store.orders.webhooks.fake_subscriber import Subscriber
from store.orders.webhooks.testing import add_endpoint
from store.server.grpc.testing import free_port, wait_until
from store.server.ids import new_id

working = pytest.mark.usefixtures("working")


@working
def test_a_test_message_arrives_signed_and_says_so(
    ask: Ask, create: Create, subscriber: Subscriber, clerk: Caller
) -> None:
    made = create(subscriber.url, event_types=["refund.*"])
    answer = ask("POST", f"/{made['id']}/test", who=clerk)
    body = answer.json
    assert (answer.status_code, body["taken"], body["answer"]) == (200, True, "200")
    [message] = verified(subscriber, made["secret"])
    assert (message["type"], message["data"]) == ("webhook.test", {"endpoint_id": made["id"]})
    assert subscriber.got[0].headers["webhook-id"] == body["message_id"]


@working
@pytest.mark.parametrize("status", [302, 400, 410, 500])
def test_a_no_is_told_and_changes_nothing(
    ask: Ask, create: Create, subscriber: Subscriber, status: int
) -> None:
    made = create(subscriber.url)
    subscriber.answer = lambda _got: status
    answer = ask("POST", f"/{made['id']}/test").json
    assert (answer["taken"], answer["answer"]) == (False, str(status))
    assert len(subscriber.got) == 1
    after = ask("GET", f"/{made['id']}").json
    assert after == {name: value for name, value in made.items() if name != "secret"}


@working
def test_a_program_that_is_away_is_told_of(ask: Ask, create: Create) -> None:
    made = create(f"http://127.0.0.1:{free_port()}/hooks")
    answer = ask("POST", f"/{made['id']}/test")
    assert (answer.status_code, answer.json["taken"]) == (200, False)
    assert answer.json["answer"]


@working
def test_a_paused_endpoint_can_be_tried(ask: Ask, create: Create, subscriber: Subscriber) -> None:
    made = create(subscriber.url)
    ask("PATCH", f"/{made['id']}", {"state": "paused"}, If_Match='"v1"')
    assert ask("POST", f"/{made['id']}/test").json["taken"] is True
    assert database.rows("SELECT 1 AS one FROM webhook_deliveries") == []


def requests() -> list[object]:
    return [row["id"] for row in database.rows("SELECT id FROM webhook_trials")]


@working
def test_an_api_process_sends_nothing_itself_and_leaves_no_request(
    ask: Ask, create: Create, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create(subscriber.url)
    senders = list[str]()
    real = Subscribers.send

    def send(self: Subscribers, *args: Any) -> Receipt:
        senders.append(threading.current_thread().name)
        return real(self, *args)

    monkeypatch.setattr(Subscribers, "send", send)
    assert ask("POST", f"/{made['id']}/test").json["taken"] is True
    assert [name.partition("_")[0] for name in senders] == ["webhook"], "a hand of a dispatcher"
    assert requests() == []


def test_without_a_worker_nothing_is_sent_and_that_is_told(
    ask: Ask, create: Create, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "CLAIM_SECONDS", 0.3)
    answer = ask("POST", f"/{create(subscriber.url)['id']}/test")
    assert (answer.status_code, answer.json["code"]) == (503, "no_webhook_worker")
    assert answer.headers["Retry-After"] == "5"
    assert (subscriber.got, requests()) == ([], [])


def test_a_message_whose_worker_has_died_is_not_sent_again(
    ask: Ask, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "ANSWER_SECONDS", 0.3)
    real = trial_queue.request

    def request(*ids: Any) -> bool:
        asked = real(*ids)
        assert len(trial_queue.claim(9)) == 1
        assert trial_queue.claim(9) == []
        return asked

    monkeypatch.setattr(trial_queue, "request", request)
    body = ask("POST", f"/{create()['id']}/test").json
    assert (body["taken"], body["answer"]) == (False, "unknown")


def test_a_dispatcher_takes_it_up_and_writes_the_answer(
    dispatcher: Dispatcher, subscriber: Subscriber
) -> None:
    endpoint, trial_id = add_endpoint(subscriber.url), new_id()
    assert trial_queue.request(trial_id, endpoint)
    dispatcher.step()
    wait_until(lambda: bool(dispatcher.step() or subscriber.got))
    wait_until(lambda: not dispatcher.step())
    state = trial_queue.state(trial_id)
    assert state is not None
    assert (state.claimed, state.taken, state.answer) == (True, True, "200")


def test_what_nobody_waited_for_is_forgotten() -> None:
    endpoint = add_endpoint("https://shop.example/hooks")
    assert trial_queue.request(new_id(), endpoint)
    assert trial_queue.forget() == 0
    database.run("UPDATE webhook_trials SET requested_at = now() - interval '11 minutes'")
    assert trial_queue.claim(9) == [], "whoever asked has gone long ago"
    assert trial_queue.forget() == 1
