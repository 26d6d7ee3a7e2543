"""What has run out is forgotten, and nothing else."""

import pytest
from prometheus_client import REGISTRY

from store.users import maintenance
from store.users.models.tables import database
from store.users.testing.api import ANN, UsersApi

COUNTED = ("sessions", "refresh_tokens", "one_time_tokens", "throttles", "mails")


def counts() -> dict[str, int]:
    return {name: database.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in COUNTED}


@pytest.fixture
def busy(users: UsersApi) -> UsersApi:
    """A service with something in every table."""
    users.account()
    users.letters()
    users.ask("POST", "/v1/password-resets", json={"email": ANN})
    assert min(counts().values()) > 0
    return users


@pytest.mark.usefixtures("busy")
def test_what_is_still_good_is_kept() -> None:
    before = counts()
    assert maintenance.purge() == 0
    assert counts() == before


@pytest.mark.usefixtures("busy")
def test_what_has_run_out_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "BATCH", 1)
    database.run(
        """UPDATE sessions SET started_at = started_at - interval '40 days',
        idle_until = idle_until - interval '40 days', expires_at = expires_at - interval '40 days'"""
    )
    database.run("UPDATE one_time_tokens SET expires_at = now() - interval '1 second'")
    database.run("UPDATE throttles SET resets_at = now() - interval '1 second'")
    database.run("UPDATE mails SET given_up_at = now() - interval '31 days'")
    maintenance.purge()
    assert set(counts().values()) == {0}


def test_a_session_that_was_ended_is_forgotten_after_a_day(busy: UsersApi) -> None:
    busy.again().ask("DELETE", "/v1/sessions")
    maintenance.purge()
    assert counts()["sessions"] == 2
    database.run("UPDATE sessions SET ended_at = ended_at - interval '25 hours'")
    maintenance.purge()
    assert counts()["sessions"] == counts()["refresh_tokens"] == 0


@pytest.mark.usefixtures("busy")
def test_the_metrics_say_how_far_the_mails_are_behind() -> None:
    database.run("UPDATE mails SET written_at = now() - interval '1 hour'")
    maintenance.measure_backlog()
    assert REGISTRY.get_sample_value("users_mails_waiting") == 1.0
    assert (REGISTRY.get_sample_value("users_oldest_mail_seconds") or 0.0) >= 3600.0
    database.run("DELETE FROM mails")
    maintenance.measure_backlog()
    assert REGISTRY.get_sample_value("users_oldest_mail_seconds") == 0.0
