"""Changing, pausing and forgetting webhook endpoints over HTTP."""

from typing import Any

import pytest

from store.orders.conftest import Buy
from store.orders.models.tables import database
from store.orders.webhooks import endpoints, redelivery
from store.orders.webhooks.conftest import Ask, Create


def listens_since() -> Any:
    return (database.row("SELECT listens_since FROM webhook_endpoints") or {})["listens_since"]


def test_a_change_needs_the_version_it_is_meant_for(ask: Ask, create: Create) -> None:
    made = create()
    path = f"/{made['id']}"
    assert ask("PATCH", path, {"description": "one"}).status_code == 428
    changed = ask("PATCH", path, {"description": "one"}, If_Match='"v1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"v2"')
    stale = ask("PATCH", path, {"description": "two"}, If_Match='"v1"')
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert ask("DELETE", path, If_Match='"v1"').status_code == 412
    assert ask("DELETE", path).status_code == 428
    assert ask("GET", path).json["description"] == "one"


def test_a_change_of_nothing_is_refused(ask: Ask, create: Create) -> None:
    assert ask("PATCH", f"/{create()['id']}", {}, If_Match='"v1"').status_code == 422


def test_only_other_types_begin_a_new_time_of_listening(ask: Ask, create: Create) -> None:
    path = f"/{create(event_types=['order.*'])['id']}"
    database.run("UPDATE webhook_endpoints SET listens_since = now() - interval '1 day'")
    before = listens_since()
    ask("PATCH", path, {"event_types": ["order.*"], "description": "x"}, If_Match='"v1"')
    assert listens_since() == before
    answer = ask("PATCH", path, {"event_types": []}, If_Match='"v2"')
    assert (answer.json["event_types"], listens_since() > before) == ([], True)


def test_a_forgotten_endpoint_is_gone_with_what_was_waiting_for_it(
    ask: Ask, create: Create, buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redelivery, "BATCH", 2)
    made, other = create(), create()
    buy()
    assert ask("DELETE", f"/{made['id']}", If_Match='"v1"').status_code == 204
    for method, path in [("GET", ""), ("GET", "/deliveries"), ("POST", "/test")]:
        answer = ask(method, f"/{made['id']}{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "webhook_endpoint_not_found")
    left = database.rows("SELECT DISTINCT endpoint_id FROM webhook_deliveries")
    assert [str(row["endpoint_id"]) for row in left] == [other["id"]]


def test_a_paused_endpoint_collects_and_goes_on_at_once(
    ask: Ask, create: Create, buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redelivery, "BATCH", 2)
    path = f"/{create()['id']}"
    paused = ask("PATCH", path, {"state": "paused"}, If_Match='"v1"').json
    assert (paused["state"], paused["paused_reason"]) == ("paused", "paused by an admin")
    buy()
    database.run("UPDATE webhook_deliveries SET due_at = now() + interval '5 h', attempts = 9")
    database.run("UPDATE webhook_deliveries SET created_at = now() - interval '4 days'")
    database.run("UPDATE webhook_deliveries SET give_up_at = now() - interval '1 day'")
    waiting = ask("GET", path).json
    assert (waiting["pending"], waiting["lag_seconds"] > 4 * 24 * 3600) == (5, True)
    on = ask("PATCH", path, {"state": "active"}, If_Match='"v2"').json
    assert (on["state"], on["paused_reason"], on["pending"]) == ("active", None, 5)
    row = database.row(
        "SELECT bool_and(due_at <= now() AND give_up_at > now() AND attempts = 0) AS fresh "
        "FROM webhook_deliveries"
    )
    assert row == {"fresh": True}


def test_whoever_is_overtaken_changes_nothing(
    ask: Ask, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/{create()['id']}"
    ask("PATCH", path, {"state": "paused"}, If_Match='"v1"')

    def overtake(_endpoint_id: object) -> None:
        database.run("UPDATE webhook_endpoints SET description = 'other', version = version + 1")

    monkeypatch.setattr(endpoints, "hurry", overtake)
    answer = ask("PATCH", path, {"state": "active"}, If_Match='"v2"')
    assert (answer.status_code, answer.json["code"]) == (412, "stale_version")
    left = ask("GET", path).json
    assert (left["state"], left["description"]) == ("paused", "other")


def test_a_deletion_that_dies_halfway_leaves_nothing_that_is_sent(
    ask: Ask, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/{create()['id']}"

    def die(_endpoint_id: object) -> None:
        raise RuntimeError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(endpoints, "clear", die)
        assert ask("DELETE", path, If_Match='"v1"').status_code == 500
    left = ask("GET", path)
    assert (left.json["state"], left.json["paused_reason"]) == ("paused", "being deleted")
    assert ask("DELETE", path, If_Match=left.headers["ETag"]).status_code == 204
    assert ask("GET", path).status_code == 404


def test_another_description_hurries_nothing(ask: Ask, create: Create, buy: Buy) -> None:
    path = f"/{create()['id']}"
    buy()
    database.run("UPDATE webhook_deliveries SET due_at = now() + interval '5 h', attempts = 9")
    ask("PATCH", path, {"description": "x"}, If_Match='"v1"')
    assert database.row("SELECT min(attempts) AS n FROM webhook_deliveries") == {"n": 9}
