"""What is counted about people: each try once, by how it ended, and nothing of what they send."""

import math
from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from store.database.cipher import Cipher
from store.database.errors import CommitUnknown
from store.users import metrics
from store.users.credentials.login_throttle import FAILURES_FOR_AN_ACCOUNT
from store.users.credentials.signing_keys import (
    PUBLISH_AHEAD,
    SIGNS_FOR,
    Keyring,
    published_keys,
    rotate,
)
from store.users.mail.outbox import TEMPLATES
from store.users.maintenance import measure_signing_key
from store.users.models.tables import database
from store.users.testing.api import ANN, SECRET, UsersApi
from store.users.testing.mail_server import MailServer

CIPHER = Cipher([SECRET])
COUNTERS = ("logins", "registrations", "refreshes", "refresh_reuses", "throttled", "mails")

Counted = Callable[[], dict[str, int]]


def totals() -> dict[str, float]:
    names = {f"users_{name}_total": name for name in (*COUNTERS, "signing_keys_made")}
    return {
        " ".join([names[sample.name], *sample.labels.values()]): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name in names
    }


@pytest.fixture
def counted() -> Counted:
    """What this test has counted so far."""
    before = totals()

    def since() -> dict[str, int]:
        return {
            name: int(now - before[name]) for name, now in totals().items() if now != before[name]
        }

    return since


def test_each_log_in_counts_once_by_how_it_ended(users: UsersApi, counted: Counted) -> None:
    users.register()
    users.register()
    users.log_in()
    assert (counted()["registrations new"], counted()["registrations known"]) == (1, 1)
    database.run("UPDATE users SET disabled_at = now()")
    users.log_in()
    for _ in range(FAILURES_FOR_AN_ACCOUNT + 2):
        users.log_in(password="not the password", email="nobody@example.com")
    found = counted()
    assert (found["logins ok"], found["logins disabled"]) == (1, 1)
    assert (found["logins wrong"], found["logins throttled"]) == (FAILURES_FOR_AN_ACCOUNT, 2)
    assert found["throttled account"] == 2


def test_a_password_that_changes_during_a_log_in_counts_as_a_wrong_one(
    users: UsersApi, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.register()

    def slow_check(_password: str, password_hash: str) -> bool:
        database.run("UPDATE credentials SET password_hash = %s", (password_hash + "x",))
        return True

    monkeypatch.setattr("store.users.use_cases.sessions.is_password", slow_check)
    users.log_in()
    assert counted() == {"registrations new": 1, "logins wrong": 1}


def test_each_refresh_counts_once_by_how_it_ended(users: UsersApi, counted: Counted) -> None:
    ann = users.account()
    first = ann.refresh_token
    for _ in range(2):
        ann.refresh_token = str(users.refresh(ann.refresh_token).json["refresh_token"])  # type: ignore[index]
    users.refresh("no token at all")
    assert (counted()["refreshes ok"], counted()["refreshes refused"]) == (2, 1)
    users.refresh(first)
    users.refresh(first)
    assert (counted()["refreshes refused"], counted()["refresh_reuses"]) == (3, 1)


def test_a_refresh_for_somebody_who_is_gone_is_refused(users: UsersApi, counted: Counted) -> None:
    ann = users.account()
    database.run("UPDATE users SET disabled_at = now()")
    assert users.refresh(ann.refresh_token).status_code == 401
    assert counted()["refreshes refused"] == 1


def test_a_session_that_was_not_ended_after_all_is_not_counted(
    users: UsersApi, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = users.account()
    users.refresh(str(users.refresh(ann.refresh_token).json["refresh_token"]))  # type: ignore[index]

    def lost() -> None:
        database.rollback()
        raise CommitUnknown("The database was lost during a commit.")

    with monkeypatch.context() as broken:
        broken.setattr(database, "commit", lost)
        assert users.refresh(ann.refresh_token).status_code == 503
    assert "refresh_reuses" not in counted()
    assert users.refresh(ann.refresh_token).status_code == 401
    assert counted()["refresh_reuses"] == 1


def test_each_try_to_send_a_mail_counts_once(
    users: UsersApi, mail_server: MailServer, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.register()
    monkeypatch.setattr(mail_server, "answer", "451 try again later")
    users.letters()
    monkeypatch.setattr(mail_server, "answer", "250 OK")
    database.run("UPDATE mails SET next_attempt_at = now()")
    users.letters()
    users.ask("POST", "/v1/password-resets", json={"email": "nobody@example.com"})
    users.letters()
    found = {name: value for name, value in counted().items() if name.startswith("mails ")}
    assert found == {
        "mails verify_email failed": 1,
        "mails verify_email sent": 1,
        "mails reset_password not_owed": 1,
    }


@pytest.mark.usefixtures("opened")
def test_a_signing_key_that_was_not_kept_was_not_made(counted: Counted) -> None:
    def make_and_fail() -> None:
        with database.transaction():
            rotate(CIPHER, published_keys())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_and_fail()
    assert counted() == {}
    rotate(CIPHER, published_keys())
    assert counted() == {"signing_keys_made": 1}


def remaining() -> float:
    return REGISTRY.get_sample_value("users_signing_key_remaining_seconds") or 0.0


@pytest.mark.usefixtures("opened")
def test_what_is_left_of_the_signing_key_falls_by_itself_and_jumps_at_a_rotation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Keyring(CIPHER).check()
    measure_signing_key()
    whole = SIGNS_FOR.total_seconds()
    assert whole - 60 < remaining() <= whole
    made = published_keys()[0].signs_from

    def later(after: timedelta) -> float:
        monkeypatch.setattr("store.users.maintenance.now", lambda: made + after)
        return remaining()

    assert later(SIGNS_FOR + timedelta(hours=1)) == -3600
    monkeypatch.undo()
    rotate(CIPHER, published_keys())
    measure_signing_key()
    assert remaining() <= whole
    successor = published_keys()[1].signs_from - made
    assert later(successor - timedelta(seconds=1)) == pytest.approx(
        whole + 1 - successor.total_seconds()
    )
    assert later(successor) == pytest.approx(whole)
    assert successor >= PUBLISH_AHEAD
    metrics.KEY_REMAINING.set_function(lambda: math.nan)


def test_no_label_is_made_of_what_people_send(users: UsersApi) -> None:
    users.register("strange+label@example.com", name="<script>")
    users.log_in("another@example.com", "whatever it is")
    users.refresh("anything")
    users.ask("POST", "/v1/password-resets", json={"email": ANN})
    users.letters()
    allowed = {
        "logins": metrics.LOGIN_OUTCOMES,
        "registrations": metrics.REGISTRATION_OUTCOMES,
        "refreshes": metrics.REFRESH_OUTCOMES,
        "throttled": metrics.THROTTLES,
        "mails": [f"{kind} {outcome}" for kind in TEMPLATES for outcome in metrics.MAIL_OUTCOMES],
        "refresh_reuses": [],
        "signing_keys_made": [],
    }
    known = {f"{name} {value}" for name, values in allowed.items() for value in values}
    assert set(totals()) == known | {"refresh_reuses", "signing_keys_made"}
