"""Sessions: rotation, reuse, lost answers, ends."""

import threading

import pytest
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from store.users.models.tables import database
from store.users.testing.api import ANN, UsersApi, body_of, code_of, whole_database
from store.users.use_cases.sessions import LOST_ANSWER_GRACE

REFUSED = (401, "bad_refresh_token")


def next_token(answer: TestResponse) -> str:
    assert answer.status_code == 201, answer.text
    return str(body_of(answer)["refresh_token"])


def let_time_pass(interval: str) -> None:
    """Make everything that sessions have done lie further back."""
    database.run(
        """UPDATE sessions SET started_at = started_at - %s::interval,
        idle_until = idle_until - %s::interval, expires_at = expires_at - %s::interval""",
        (interval, interval, interval),
    )
    database.run("UPDATE refresh_tokens SET used_at = used_at - %s::interval", (interval,))


def reason_of_end() -> str | None:
    reason: str | None = database.rows("SELECT ended_because FROM sessions")[0]["ended_because"]
    return reason


def test_the_access_token_says_who_and_for_how_long(users: UsersApi) -> None:
    ann = users.account()
    (key,) = body_of(users.ask("GET", "/.well-known/jwks.json"))["keys"]
    read = jwt.decode(ann.access_token, ECKey.import_key(key), algorithms=["ES256"])
    assert read.header["kid"] == key["kid"]
    assert (read.header["typ"], read.header["alg"]) == ("at+jwt", "ES256")
    assert read.claims["sub"] == str(ann.id)
    assert (read.claims["iss"], read.claims["aud"]) == ("virtual-store", "virtual-store")
    assert (read.claims["role"], read.claims["exp"] - read.claims["iat"]) == ("customer", 600)
    assert {"sid", "jti"} <= read.claims.keys()


def test_a_refresh_token_is_traded_for_new_ones(users: UsersApi) -> None:
    ann = users.account()
    second = next_token(users.refresh(ann.refresh_token))
    third = next_token(users.refresh(second))
    assert len({ann.refresh_token, second, third}) == 3


def test_an_old_refresh_token_ends_the_session(users: UsersApi) -> None:
    ann = users.account()
    second = next_token(users.refresh(ann.refresh_token))
    third = next_token(users.refresh(second))
    assert code_of(users.refresh(ann.refresh_token)) == REFUSED
    assert code_of(users.refresh(third)) == REFUSED
    assert reason_of_end() == "token_reused"


def test_a_client_that_lost_the_answer_gets_it_again(users: UsersApi) -> None:
    ann = users.account()
    second = next_token(users.refresh(ann.refresh_token))
    assert next_token(users.refresh(ann.refresh_token)) == second
    next_token(users.refresh(second))


def test_after_the_grace_a_repeated_token_ends_the_session(users: UsersApi) -> None:
    ann = users.account()
    second = next_token(users.refresh(ann.refresh_token))
    let_time_pass(f"{LOST_ANSWER_GRACE.total_seconds() + 1} seconds")
    assert code_of(users.refresh(ann.refresh_token)) == REFUSED
    assert code_of(users.refresh(second)) == REFUSED


def test_tabs_that_refresh_at_once_get_the_same_token(users: UsersApi) -> None:
    ann = users.account()
    answers: list[TestResponse] = []
    tabs = [
        threading.Thread(target=lambda: answers.append(users.refresh(ann.refresh_token)))
        for _ in range(4)
    ]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(10)
    assert len({next_token(answer) for answer in answers}) == 1
    assert len(answers) == 4


@pytest.mark.parametrize("idle", ["14 days 1 second", "30 days 1 second"])
def test_a_session_runs_out(users: UsersApi, idle: str) -> None:
    ann = users.account()
    let_time_pass(idle)
    assert code_of(users.refresh(ann.refresh_token)) == REFUSED


def test_no_use_keeps_a_session_alive_for_more_than_thirty_days(users: UsersApi) -> None:
    token = users.account().refresh_token
    for _ in range(2):
        let_time_pass("13 days")
        token = next_token(users.refresh(token))
    let_time_pass("5 days")
    assert code_of(users.refresh(token)) == REFUSED


def test_logging_out_ends_this_session_only(users: UsersApi) -> None:
    phone, laptop = users.account(), users.again()
    assert phone.ask("DELETE", "/v1/sessions/current").status_code == 204
    assert code_of(users.refresh(phone.refresh_token)) == REFUSED
    next_token(users.refresh(laptop.refresh_token))


def test_logging_out_everywhere_ends_all_of_ones_sessions(users: UsersApi) -> None:
    phone, laptop = users.account(), users.again()
    bob = users.account("bob@example.com")
    assert phone.ask("DELETE", "/v1/sessions").status_code == 204
    for person in (phone, laptop):
        assert code_of(users.refresh(person.refresh_token)) == REFUSED
    next_token(users.refresh(bob.refresh_token))


def test_nothing_in_the_database_opens_a_session(users: UsersApi) -> None:
    ann = users.account()
    second = next_token(users.refresh(ann.refresh_token))
    dump = "".join(whole_database().values())
    for secret in (ann.refresh_token, second, ann.access_token):
        assert secret not in dump
    assert ANN in dump


def test_a_password_that_changes_while_it_is_checked_opens_nothing(
    users: UsersApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.register()

    def slow_check(_password: str, password_hash: str) -> bool:
        database.run("UPDATE credentials SET password_hash = %s", (password_hash + "x",))
        return True

    monkeypatch.setattr("store.users.use_cases.sessions.is_password", slow_check)
    assert code_of(users.log_in()) == (401, "wrong_credentials")
    assert database.rows("SELECT id FROM sessions") == []


def test_logging_in_rehashes_an_outdated_password(users: UsersApi) -> None:
    users.register()
    weaker = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    database.run(
        "UPDATE credentials SET password_hash = %s", (weaker.hash("correct horse battery"),)
    )
    users.again()
    found = database.rows("SELECT password_hash FROM credentials")
    assert found[0]["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    users.again()
