"""Every route: who may ask, and what nonsense gets."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from store.auth.callers import Caller, Role
from store.auth.testing import Signer
from store.server.ids import new_id
from store.users.testing.api import ADDRESS, ANN, PASSWORD, UsersApi, body_of, code_of

ID = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"

OPEN = {
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/v1/users"),
    ("POST", "/v1/sessions"),
    ("POST", "/v1/sessions/refresh"),
    ("POST", "/v1/email-verifications"),
    ("POST", "/v1/email-verifications/confirm"),
    ("POST", "/v1/password-resets"),
    ("POST", "/v1/password-resets/confirm"),
}
FOR_ANYBODY_LOGGED_IN = {
    ("DELETE", "/v1/sessions"),
    ("DELETE", "/v1/sessions/current"),
    ("GET", "/v1/users/me"),
    ("PATCH", "/v1/users/me"),
    ("DELETE", "/v1/users/me"),
    ("POST", "/v1/users/me/password"),
    ("GET", "/v1/users/me/addresses"),
    ("POST", "/v1/users/me/addresses"),
    ("GET", f"/v1/users/me/addresses/{ID}"),
    ("PATCH", f"/v1/users/me/addresses/{ID}"),
    ("DELETE", f"/v1/users/me/addresses/{ID}"),
}
FOR_ADMINS = {
    ("GET", "/v1/users"),
    ("GET", f"/v1/users/{ID}"),
    ("PATCH", f"/v1/users/{ID}"),
    ("POST", "/v1/signing-keys"),
}


def test_no_route_is_missing_from_these_tables(app: Flask) -> None:
    def concrete(rule: Rule) -> str:
        return rule.rule.replace("<uuid:address_id>", ID).replace("<uuid:user_id>", ID)

    ours = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(("/v1", "/.well"))]
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    routes = {
        (method, concrete(rule)) for rule in ours for method in methods & (rule.methods or set())
    }
    assert routes == OPEN | FOR_ANYBODY_LOGGED_IN | FOR_ADMINS


@pytest.mark.parametrize(("method", "path"), sorted(FOR_ANYBODY_LOGGED_IN | FOR_ADMINS))
def test_strangers_are_sent_to_log_in(users: UsersApi, method: str, path: str) -> None:
    forged = Signer().headers(Caller(new_id(), Role.ADMIN))
    for headers in ({}, {"Authorization": "Bearer nonsense"}, forged):
        answer = users.ask(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.STAFF])
def test_only_admins_do_what_admins_do(users: UsersApi, role: Role) -> None:
    person = users.account(role=role)
    for method, path in sorted(FOR_ADMINS):
        assert code_of(person.ask(method, path)) == (403, "forbidden")


def test_a_customer_registers_logs_in_and_looks(users: UsersApi) -> None:
    answer = users.register()
    assert (answer.status_code, list(body_of(answer))) == (202, ["detail"])
    tokens = users.log_in()
    assert tokens.headers["Cache-Control"] == "no-store"
    assert body_of(tokens).keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    me = users.again().ask("GET", "/v1/users/me")
    assert me.headers["ETag"] == '"v1"'
    assert (body_of(me)["email"], body_of(me)["role"]) == (ANN, "customer")


def test_every_route_is_in_the_openapi_document(users: UsersApi) -> None:
    document = body_of(users.ask("GET", "/openapi.json"))
    assert document["openapi"].startswith("3.1")
    for method, path in OPEN | FOR_ANYBODY_LOGGED_IN | FOR_ADMINS:
        name = "{address_id}" if "addresses" in path else "{user_id}"
        operation = document["paths"][path.replace(ID, name)][method.lower()]
        assert bool(operation.get("security")) == ((method, path) not in OPEN)


REGISTER = {"email": ANN, "password": PASSWORD, "name": "Ann"}
LOG_IN = {"email": ANN, "password": PASSWORD}

BAD_BODIES: list[tuple[str, str, Any, str]] = [
    ("POST", "/v1/users", {}, "email"),
    ("POST", "/v1/users", {**REGISTER, "email": 7}, "email"),
    ("POST", "/v1/users", {**REGISTER, "email": "ann"}, "email"),
    ("POST", "/v1/users", {**REGISTER, "email": "ann@localhost"}, "email"),
    ("POST", "/v1/users", {**REGISTER, "email": "a" * 250 + "@example.com"}, "email"),
    ("POST", "/v1/users", {**REGISTER, "email": "ann@example.com\r\nBcc: b@example.com"}, "email"),
    ("POST", "/v1/users", {**REGISTER, "email": None}, "email"),
    ("POST", "/v1/users", {**REGISTER, "password": ["a", "b"]}, "password"),
    ("POST", "/v1/users", {**REGISTER, "password": "nul \0 inside it"}, "password"),
    ("POST", "/v1/users", {**REGISTER, "name": "nul \0 inside it"}, "name"),
    ("POST", "/v1/users", {**REGISTER, "name": "   "}, "name"),
    ("POST", "/v1/users", {**REGISTER, "name": "x" * 101}, "name"),
    ("POST", "/v1/users", {**REGISTER, "role": "admin"}, "role"),
    ("POST", "/v1/users", [REGISTER], "body"),
    ("POST", "/v1/sessions", {**LOG_IN, "email": {"$ne": ""}}, "email"),
    ("POST", "/v1/sessions", {**LOG_IN, "password": 12345678}, "password"),
    ("POST", "/v1/sessions", {**LOG_IN, "password": "x" * 1001}, "password"),
    ("POST", "/v1/sessions", {**LOG_IN, "otp": "1"}, "otp"),
    ("POST", "/v1/sessions/refresh", {}, "refresh_token"),
    ("POST", "/v1/sessions/refresh", {"refresh_token": "x" * 201}, "refresh_token"),
    ("POST", "/v1/password-resets", {"email": "no"}, "email"),
    ("POST", "/v1/password-resets/confirm", {"token": True, "password": PASSWORD}, "token"),
    ("POST", "/v1/email-verifications", {"mail": ANN}, "email"),
    ("POST", "/v1/email-verifications/confirm", {"token": ""}, "token"),
    ("PATCH", "/v1/users/me", {}, "name"),
    ("PATCH", "/v1/users/me", {"name": "A", "email": ANN}, "email"),
    ("PATCH", "/v1/users/me", {"name": {"first": "A"}}, "name"),
    ("POST", "/v1/users/me/password", {"current_password": PASSWORD}, "new_password"),
    ("POST", "/v1/users/me/addresses", {**ADDRESS, "country": "Britain"}, "country"),
    ("POST", "/v1/users/me/addresses", {**ADDRESS, "city": 5}, "city"),
    ("POST", "/v1/users/me/addresses", {**ADDRESS, "planet": "Earth"}, "planet"),
    ("PATCH", f"/v1/users/me/addresses/{ID}", {"line1": "x" * 201}, "line1"),
    ("PATCH", f"/v1/users/{ID}", {"role": "king"}, "role"),
    ("PATCH", f"/v1/users/{ID}", {"disabled": "yes"}, "disabled"),
    ("PATCH", f"/v1/users/{ID}", {"disabled": 1}, "disabled"),
    ("PATCH", f"/v1/users/{ID}", {}, "body"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), BAD_BODIES)
def test_nonsense_is_refused_by_field(
    users: UsersApi, method: str, path: str, body: Any, field: str
) -> None:
    root = users.account("root@example.com", Role.ADMIN)
    answer = root.ask(method, path, json=body, headers={"If-Match": '"v1"'})
    assert code_of(answer) == (422, "invalid")
    errors = body_of(answer)["errors"]
    assert field in [error["field"] for error in errors]
    assert all(error["reason"] for error in errors)


@pytest.mark.parametrize(
    ("sent", "options", "expected"),
    [
        (b'{"email": ', {}, (400, "malformed_json")),
        (b'{"email": "\xff\xfe"}', {}, (400, "malformed_json")),
        (b'{"email": "\\ud800"}', {}, (400, "malformed_json")),
        (b"email=a", {"content_type": "text/plain"}, (415, "unsupported_media_type")),
        (b" " * 40_000, {}, (413, "too_large")),
    ],
)
def test_what_is_not_json_is_refused(
    users: UsersApi, sent: bytes, options: dict[str, str], expected: tuple[int, str]
) -> None:
    options = {"content_type": "application/json", **options}
    assert code_of(users.ask("POST", "/v1/users", data=sent, **options)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/users?cursor=nonsense", (400, "bad_cursor")),
        ("/v1/users?cursor=WyJvdGhlciIsMV0", (400, "bad_cursor")),
        ("/v1/users/me/addresses?cursor=WyJhZGRyZXNzZXMiLDFd", (400, "bad_cursor")),
        ("/v1/users?limit=0", (422, "invalid")),
        ("/v1/users?limit=101", (422, "invalid")),
        ("/v1/users?limit=many", (422, "invalid")),
        ("/v1/users?state=asleep", (422, "invalid")),
        ("/v1/users?role=king", (422, "invalid")),
        ("/v1/users?order=name", (422, "invalid")),
        ("/v1/users?email=%00", (400, "bad_text")),
        ("/v1/users?email=%ff", (400, "bad_text")),
        ("/v1/users/1", (404, "not_found")),
        (f"/v1/users/{ID}", (404, "unknown_user")),
        ("/v1/nothing", (404, "not_found")),
    ],
)
def test_what_cannot_be_found_or_read_is_said(
    users: UsersApi, path: str, expected: tuple[int, str]
) -> None:
    root = users.account("root@example.com", Role.ADMIN)
    assert code_of(root.ask("GET", path)) == expected


@pytest.mark.parametrize("tag", ["v1", '"1"', "*", 'W/"v1"', '"v1", "v2"', '"v999"'])
def test_a_tag_that_is_not_the_present_one_is_refused(users: UsersApi, tag: str) -> None:
    answer = users.account().ask(
        "PATCH", "/v1/users/me", json={"name": "A"}, headers={"If-Match": tag}
    )
    assert code_of(answer) == (412, "stale_version")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/email-verifications/confirm", "token"),
        ("/v1/sessions/refresh", "refresh_token"),
    ],
)
@pytest.mark.parametrize("token", ["x", "é" * 60, "A" * 43, "../../etc/passwd"])
def test_an_invented_token_opens_nothing(
    users: UsersApi, path: str, field: str, token: str
) -> None:
    assert users.ask("POST", path, json={field: token}).status_code in {401, 403}
