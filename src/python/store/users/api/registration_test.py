"""Registering and verifying, without telling who is a customer."""

from collections.abc import Callable
from typing import Any

import pytest

from store.database.database import Database
from store.server.process import thread_offload
from store.users.models.tables import database
from store.users.testing.api import ANN, PASSWORD, UsersApi, body_of, code_of, user_of

Work = Callable[[Callable[[], object]], tuple[list[str], int]]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Run something; the statements and the number of hashes it took."""

    def measure(deed: Callable[[], object]) -> tuple[list[str], int]:
        statements: list[str] = []
        hashes: list[object] = []
        execute, compute = Database.execute_sql, thread_offload.offload_to_thread

        def note_statement(_self: Database, sql: str, params: Any = None) -> object:
            statements.append(" ".join(sql.split()[:3]))
            return execute(database, sql, params)

        def note_hash(work: Callable[[], object]) -> object:
            hashes.append(work)
            return compute(work)

        with monkeypatch.context() as patch:
            patch.setattr(Database, "execute_sql", note_statement)
            patch.setattr("store.users.credentials.password_hashes.offload_to_thread", note_hash)
            deed()
        return statements, len(hashes)

    return measure


def test_registering_a_known_e_mail_looks_the_same_and_costs_the_same(
    users: UsersApi, work: Work
) -> None:
    first = work(lambda: users.register())
    again = work(lambda: users.register(password="another fine password"))
    assert first == again
    assert first[1] == 1
    new, known = users.register("bob@example.com"), users.register("bob@example.com")
    assert (new.status_code, new.json) == (known.status_code, known.json)


def test_a_failed_log_in_costs_the_same_for_unknown_and_known_e_mails(
    users: UsersApi, work: Work
) -> None:
    users.register()
    known = work(lambda: users.log_in(password="not the password"))
    unknown = work(lambda: users.log_in("nobody@example.com"))
    assert known == unknown
    assert known[1] == 1
    wrong, nobody = users.log_in(password="not it either"), users.log_in("nobody@example.com")
    assert code_of(wrong) == code_of(nobody) == (401, "wrong_credentials")
    assert body_of(wrong)["detail"] == body_of(nobody)["detail"]


@pytest.mark.parametrize("path", ["/v1/password-resets", "/v1/email-verifications"])
def test_asking_for_a_mail_costs_the_same_for_unknown_and_known_e_mails(
    users: UsersApi, work: Work, path: str
) -> None:
    users.register()
    known = work(lambda: users.ask("POST", path, json={"email": ANN}))
    unknown = work(lambda: users.ask("POST", path, json={"email": "nobody@example.com"}))
    assert known == unknown
    assert known[1] == 0


def test_registering_again_changes_nothing_and_tells_the_owner(users: UsersApi) -> None:
    users.register()
    users.letters()
    users.register(ANN.upper(), "another fine password", name="Mallory")
    (letter,) = users.letters()
    assert letter["To"] == ANN
    assert "account already" in letter["Subject"]
    assert "Mallory" not in letter.as_string()
    assert users.log_in(password="another fine password").status_code == 401
    assert body_of(users.again().ask("GET", "/v1/users/me"))["name"] == "Ann"


def test_a_customer_verifies_the_e_mail_once(users: UsersApi) -> None:
    ann = users.account()
    token = users.mailed_token()
    answer = users.ask("POST", "/v1/email-verifications/confirm", json={"token": token})
    assert answer.status_code == 204
    assert body_of(ann.ask("GET", "/v1/users/me"))["email_verified"] is True
    again = users.ask("POST", "/v1/email-verifications/confirm", json={"token": token})
    assert code_of(again) == (403, "bad_token")


def test_the_verification_mail_comes_again_until_it_is_used(users: UsersApi) -> None:
    users.register()
    users.letters()
    users.ask("POST", "/v1/email-verifications", json={"email": ANN})
    token = users.mailed_token()
    users.ask("POST", "/v1/email-verifications/confirm", json={"token": token})
    users.ask("POST", "/v1/email-verifications", json={"email": ANN})
    users.ask("POST", "/v1/email-verifications", json={"email": "nobody@example.com"})
    assert users.letters() == []


def test_an_expired_token_verifies_nothing(users: UsersApi) -> None:
    users.register()
    token = users.mailed_token()
    database.run("UPDATE one_time_tokens SET expires_at = now() - interval '1 second'")
    answer = users.ask("POST", "/v1/email-verifications/confirm", json={"token": token})
    assert code_of(answer) == (403, "bad_token")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Password123", "first that guessers try"),
        ("aaaaaaaab", "first that guessers try"),
        ("ann@example.com", "your name or e-mail"),
        ("Virtual-Store", "first that guessers try"),
        ("short", "between 8 and 128"),
        ("x" * 129, "between 8 and 128"),
    ],
)
def test_a_guessable_password_is_refused(users: UsersApi, password: str, reason: str) -> None:
    answer = users.register(password=password)
    assert code_of(answer) == (422, "invalid")
    (error,) = body_of(answer)["errors"]
    assert error["field"] == "password"
    assert reason in error["reason"]
    assert user_of(ANN) is None


def test_a_password_is_the_same_on_every_keyboard(users: UsersApi) -> None:
    users.register(password="Ångström für alle")
    assert users.log_in(password="Ångström für alle").status_code == 201


def test_blanks_belong_to_a_password(users: UsersApi) -> None:
    users.register(password=f" {PASSWORD} ")
    assert users.log_in(password=PASSWORD).status_code == 401
    assert users.log_in(password=f" {PASSWORD} ").status_code == 201


def test_nobody_s_letter_box_is_flooded(users: UsersApi) -> None:
    for _ in range(8):
        assert users.register().status_code == 202
    assert len(users.letters()) == 5
    users.ask("POST", "/v1/password-resets", json={"email": ANN})
    assert "new password" in users.letters()[0]["Subject"]
