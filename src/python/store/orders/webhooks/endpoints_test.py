"""Creating, changing and forgetting webhook endpoints over HTTP."""

from typing import Any

import pytest

from store.orders.conftest import Buy
from store.orders.models import database
from store.orders.webhooks import endpoints, redelivery
from store.orders.webhooks.conftest import Ask, Create
from store.server.ids import new_id

URL = "https://shop.example/hooks"


def stored(column: str) -> Any:
    return (database.row(f"SELECT {column} AS value FROM webhook_endpoints") or {})["value"]


def test_a_new_endpoint_hears_everything_and_shows_its_secret_once(ask: Ask) -> None:
    answer = ask("POST", body={"url": URL})
    made = answer.json
    assert (answer.status_code, made["state"], made["event_types"]) == (201, "active", [])
    assert made["secret"].startswith("whsec_")
    assert (made["pending"], made["dead"], made["lag_seconds"]) == (0, 0, 0.0)
    assert answer.headers["Cache-Control"] == "no-store"
    seen = ask("GET", f"/{made['id']}")
    assert answer.headers["Location"].endswith(f"/{made['id']}")
    assert answer.headers["ETag"] == seen.headers["ETag"]
    assert seen.json == {name: value for name, value in made.items() if name != "secret"}
    assert made["secret"] not in ask("GET").text


def test_a_secret_does_not_lie_in_the_database_as_it_is(create: Create) -> None:
    secret = create()["secret"].removeprefix("whsec_").encode()
    kept = database.row("SELECT body FROM idempotency_keys") or {}
    for lying in (bytes(stored("sealed_secret")), bytes(kept["body"])):
        assert len(lying) > 80
        assert secret not in lying


BAD_URLS = [
    "",
    "shop.example/hooks",
    "ftp://shop.example/hooks",
    "https://",
    "https://me:pass@shop.example/hooks",
    "https://shop.example:99999/hooks",
    "javascript:alert(1)",
    "https://shop.example/" + "a" * 2000,
    "https://shop.example/with blank",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_nobody_is_called_at_a_bad_address(ask: Ask, create: Create, url: str) -> None:
    answer = ask("POST", body={"url": url})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "url")
    made = create()
    changed = ask("PATCH", f"/{made['id']}", {"url": url}, If_Match='"v1"')
    assert (changed.status_code, changed.json["errors"][0]["field"]) == (422, "url")
    assert ask("GET", f"/{made['id']}").json["url"] == URL


def test_a_refused_password_is_not_repeated(ask: Ask) -> None:
    answer = ask("POST", body={"url": "https://me:geheim@shop.example/hooks"})
    assert (answer.status_code, answer.json["code"]) == (422, "bad_endpoint_url")
    assert "geheim" not in answer.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_types": ["order.lost"]}, "event_types.0"),
        ({"event_types": ["order.confirmed", "webhook.test"]}, "event_types.1"),
        ({"event_types": ["*"]}, "event_types.0"),
        ({"event_types": "order.confirmed"}, "event_types"),
        ({"event_types": None}, "event_types"),
        ({"description": "x" * 501}, "description"),
        ({"description": None}, "description"),
        ({"url": None}, "url"),
        ({"url": 7}, "url"),
        ({"secret": "whsec_mine"}, "secret"),
        ({"state": "broken"}, "state"),
    ],
)
def test_a_wrong_member_is_named(
    ask: Ask, create: Create, changes: dict[str, Any], field: str
) -> None:
    answer = ask("POST", body={"url": URL, **changes})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    made = create()
    changed = ask("PATCH", f"/{made['id']}", changes, If_Match='"v1"')
    assert (changed.status_code, changed.json["errors"][0]["field"]) == (422, field)


def test_an_unknown_type_is_answered_with_those_that_there_are(ask: Ask) -> None:
    answer = ask("POST", body={"url": URL, "event_types": ["order.lost"]})
    assert "order.confirmed, " in answer.json["detail"]
    assert "refund.*" in answer.json["detail"]


def test_a_scheme_in_capitals_is_as_good(create: Create) -> None:
    assert create("HTTPS://shop.example/Hooks")["url"] == "https://shop.example/Hooks"


def test_types_are_kept_once_each(create: Create) -> None:
    made = create(event_types=["refund.*", "order.confirmed", "refund.*"])
    assert made["event_types"] == ["refund.*", "order.confirmed"]


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
    before = stored("listens_since")
    ask("PATCH", path, {"event_types": ["order.*"], "description": "x"}, If_Match='"v1"')
    assert stored("listens_since") == before
    answer = ask("PATCH", path, {"event_types": []}, If_Match='"v2"')
    assert (answer.json["event_types"], stored("listens_since") > before) == ([], True)


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


def test_endpoints_page_newest_first(ask: Ask, create: Create) -> None:
    ids = [create()["id"] for _ in range(3)]
    first = ask("GET", "?limit=2").json
    rest = ask("GET", f"?limit=2&cursor={first['next_cursor']}").json
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


def test_there_is_a_limit(ask: Ask, create: Create, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 2)
    made = [create() for _ in range(2)]
    answer = ask("POST", body={"url": URL})
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_webhook_endpoints")
    ask("DELETE", f"/{made[0]['id']}", If_Match='"v1"')
    create()


def test_a_paused_endpoint_collects_and_goes_on_at_once(ask: Ask, create: Create, buy: Buy) -> None:
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


def test_an_endpoint_that_nobody_made_is_not_there(ask: Ask) -> None:
    asked = [
        ("GET", "", None),
        ("PATCH", "", {"state": "paused"}),
        ("DELETE", "", None),
        ("POST", "/secret", None),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
        ("POST", "/redeliver", {"state": "dead"}),
        ("POST", "/deliveries/1/redeliver", None),
    ]
    for method, path, body in asked:
        answer = ask(method, f"/{new_id()}{path}", body, If_Match='"v1"')
        assert (answer.status_code, answer.json["code"]) == (404, "webhook_endpoint_not_found")
