"""Creating and listing webhook endpoints over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from store.auth.callers import Caller
from store.orders.models.tables import database
from store.orders.testing.shop import CIPHER, started
from store.orders.webhooks import endpoints
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.conftest import Ask, Create
from store.orders.webhooks.errors import TooManyEndpoints
from store.server.ids import new_id

URL = "https://shop.example/hooks"


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
    sealed = "SELECT sealed_secret AS bytes FROM webhook_endpoints"
    kept = "SELECT body AS bytes FROM idempotency_keys"
    for query in (sealed, kept):
        lying = bytes((database.row(query) or {})["bytes"])
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


def test_the_limit_holds_when_many_create_at_once(
    admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 2)
    subscribers = Subscribers(private=False)
    wanted = {"url": URL, "event_types": [], "description": ""}

    def create(_number: int) -> bool:
        try:
            endpoints.create_endpoint(wanted, admin, started(admin), CIPHER, subscribers)
        except TooManyEndpoints:
            return False
        return True

    with ThreadPoolExecutor(6) as hands:
        assert sum(hands.map(create, range(6))) == 2


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
