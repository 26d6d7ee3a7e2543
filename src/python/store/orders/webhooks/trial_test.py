"""Trying an endpoint over HTTP, against a program that really listens."""

import pytest

from store.auth.callers import Caller
from store.orders.models import database
from store.orders.webhooks.conftest import Ask, Create, verified
from store.orders.webhooks.fake_subscriber import Subscriber
from store.server.testing import free_port


def test_a_test_message_arrives_signed_and_says_so(
    ask: Ask, create: Create, subscriber: Subscriber, clerk: Caller
) -> None:
    made = create(subscriber.url, event_types=["refund.*"])
    answer = ask("POST", f"/{made['id']}/test", who=clerk)
    told = answer.json
    assert (answer.status_code, told["taken"], told["answer"]) == (200, True, "200")
    [message] = verified(subscriber, made["secret"])
    assert (message["type"], message["data"]) == ("webhook.test", {"endpoint_id": made["id"]})
    assert subscriber.got[0].headers["webhook-id"] == told["message_id"]


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


def test_a_program_that_is_away_is_told_of(ask: Ask, create: Create) -> None:
    made = create(f"http://127.0.0.1:{free_port()}/hooks")
    answer = ask("POST", f"/{made['id']}/test")
    assert (answer.status_code, answer.json["taken"]) == (200, False)
    assert answer.json["answer"]


def test_a_paused_endpoint_can_be_tried(ask: Ask, create: Create, subscriber: Subscriber) -> None:
    made = create(subscriber.url)
    ask("PATCH", f"/{made['id']}", {"state": "paused"}, If_Match='"v1"')
    assert ask("POST", f"/{made['id']}/test").json["taken"] is True
    assert database.rows("SELECT 1 AS one FROM webhook_deliveries") == []
