"""A webhook's secret: shown once, to whoever repeats his request as well, and changed in peace."""

from typing import Any

import pytest

from store.auth.callers import Caller, Role
from store.orders.models.tables import database
from store.orders.webhooks import endpoints
from store.orders.webhooks.conftest import Ask, Create, verified
from store.orders.webhooks.fake_subscriber import Subscriber
from store.server.ids import new_id

BODY = {"url": "https://shop.example/hooks", "event_types": ["order.*"]}


def count(table: str) -> int:
    return int((database.row(f"SELECT count(*) AS n FROM {table}") or {})["n"])


def test_a_repeated_creation_is_answered_the_same_and_makes_nothing(ask: Ask) -> None:
    first = ask("POST", body=BODY, Idempotency_Key="one")
    again = ask("POST", body=dict(reversed(BODY.items())), Idempotency_Key="one")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag", "Cache-Control"):
        assert again.headers[name] == first.headers[name]
    assert count("webhook_endpoints") == 1


def test_a_key_is_for_one_creation_by_one_admin(ask: Ask) -> None:
    first = ask("POST", body=BODY, Idempotency_Key="one").json
    other = ask("POST", body={**BODY, "description": "x"}, Idempotency_Key="one")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    stranger = Caller(new_id(), Role.ADMIN)
    assert ask("POST", body=BODY, who=stranger, Idempotency_Key="one").json["id"] != first["id"]


@pytest.mark.parametrize("path", ["", "/{id}/secret"])
def test_whoever_is_to_see_a_secret_needs_a_key(ask: Ask, create: Create, path: str) -> None:
    path = path.format(id=create()["id"])
    answer = ask("POST", path, BODY if not path else None, Idempotency_Key="")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (
        422,
        "headers.Idempotency-Key",
    )


def test_a_refused_creation_leaves_its_key_unused(ask: Ask) -> None:
    assert ask("POST", body={**BODY, "url": "nowhere"}, Idempotency_Key="one").status_code == 422
    assert ask("POST", body=BODY, Idempotency_Key="one").status_code == 201


@pytest.mark.parametrize("work", ["create_endpoint", "rotate_secret"])
def test_who_dies_between_the_work_and_the_answer_is_asked_again(
    ask: Ask, create: Create, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    path, body = ("", BODY) if work == "create_endpoint" else (f"/{create()['id']}/secret", None)
    real = getattr(endpoints, work)

    def dies(*args: Any) -> Any:
        real(*args)
        raise RuntimeError("gone")

    monkeypatch.setattr(endpoints, work, dies)
    assert ask("POST", path, body, Idempotency_Key="one").status_code == 500
    monkeypatch.setattr(endpoints, work, real)
    versions = database.rows("SELECT id, version, sealed_secret FROM webhook_endpoints")
    answer = ask("POST", path, body, Idempotency_Key="one")
    assert answer.json["secret"].startswith("whsec_")
    assert database.rows("SELECT id, version, sealed_secret FROM webhook_endpoints") == versions


@pytest.mark.usefixtures("working")
def test_both_secrets_sign_for_a_day_after_a_rotation(
    ask: Ask, create: Create, subscriber: Subscriber
) -> None:
    made = create(subscriber.url)
    rotated = ask("POST", f"/{made['id']}/secret")
    assert (rotated.status_code, rotated.headers["ETag"]) == (200, '"v2"')
    assert rotated.headers["Cache-Control"] == "no-store"
    assert rotated.json["secret"] != made["secret"]
    assert rotated.json["previous_secret_until"] is not None
    ask("POST", f"/{made['id']}/test")
    for secret in (made["secret"], rotated.json["secret"]):
        assert len(verified(subscriber, secret)) == 1
    signatures = subscriber.got[0].headers["webhook-signature"].split(" ")
    assert len(signatures) == 2


@pytest.mark.usefixtures("working")
def test_a_day_after_its_rotation_a_secret_signs_nothing(
    ask: Ask, create: Create, subscriber: Subscriber
) -> None:
    made = create(subscriber.url)
    ask("POST", f"/{made['id']}/secret")
    database.run("UPDATE webhook_endpoints SET previous_until = now() - interval '1 s'")
    assert ask("GET", f"/{made['id']}").json["previous_secret_until"] is None
    ask("POST", f"/{made['id']}/test")
    assert len(subscriber.got[0].headers["webhook-signature"].split(" ")) == 1


def test_a_repeated_rotation_changes_nothing_more(ask: Ask, create: Create) -> None:
    path = f"/{create()['id']}/secret"
    first = ask("POST", path, Idempotency_Key="one")
    again = ask("POST", path, Idempotency_Key="one")
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    assert ask("POST", path, Idempotency_Key="two").json["secret"] != first.json["secret"]


def test_a_secret_sealed_with_a_lost_key_says_so(ask: Ask, create: Create) -> None:
    made = create()
    database.run("UPDATE webhook_endpoints SET sealed_secret = 'rubbish'")
    answer = ask("POST", f"/{made['id']}/test")
    assert (answer.status_code, answer.json["code"]) == (503, "sealed")
