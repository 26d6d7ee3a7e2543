"""The outbox: every mail goes out, whatever the SMTP server does."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from store.server.process.lifecycle import stopping
from store.users.mail.outbox import LEASE
from store.users.mail.smtp import SmtpServer
from store.users.models.mails import Mail
from store.users.models.tables import database
from store.users.testing.api import ANN, UsersApi
from store.users.testing.mail_server import MailServer, free_port


@pytest.fixture
def refusing(mail_server: MailServer) -> Iterator[MailServer]:
    yield mail_server
    mail_server.answer = "250 OK"


@pytest.fixture
def stop() -> Iterator[None]:
    yield
    stopping.clear()


def owed() -> list[dict[str, object]]:
    return database.rows("SELECT attempts, given_up_at, last_error FROM mails")


def make_due() -> None:
    database.run("UPDATE mails SET next_attempt_at = now()")


def test_a_mail_says_what_it_must_and_is_forgotten(users: UsersApi) -> None:
    users.register()
    (letter,) = users.letters()
    assert (letter["To"], letter["From"]) == (ANN, "shop@example.com")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "https://shop.example.com/verify-email#token=" in letter.get_content()
    assert owed() == []


def test_a_mail_to_an_international_domain_arrives(users: UsersApi) -> None:
    users.register("ann@bücher.example.com")
    (letter,) = users.letters()
    assert letter["To"] == "ann@xn--bcher-kva.example.com"


def test_a_mail_waits_for_the_server_to_come_back(users: UsersApi) -> None:
    users.register()
    away = replace(users.outbox, server=SmtpServer("127.0.0.1", free_port()))
    assert away.send_next() is True
    (mail,) = owed()
    assert (mail["attempts"], mail["last_error"]) == (1, "ConnectionRefusedError")
    make_due()
    assert len(users.letters()) == 1


def test_a_server_that_is_busy_is_asked_again(users: UsersApi, refusing: MailServer) -> None:
    users.register()
    refusing.answer = "451 try again later"
    users.outbox.send_next()
    (mail,) = owed()
    assert (mail["given_up_at"], mail["last_error"]) == (None, "the server answered 451")


def test_a_mail_that_nobody_takes_is_given_up_and_kept_for_ops(
    users: UsersApi, refusing: MailServer
) -> None:
    users.register()
    refusing.answer = "550 no such mailbox"
    assert users.letters() == []
    (mail,) = owed()
    assert mail["given_up_at"] is not None
    make_due()
    assert users.outbox.send_next() is False


def discarded() -> float:
    labels = {"kind": "verify_email", "outcome": "discarded"}
    return REGISTRY.get_sample_value("users_mails_total", labels) or 0.0


def test_without_a_mail_server_mails_are_counted_and_forgotten(users: UsersApi) -> None:
    before = discarded()
    users.register()
    nowhere = replace(users.outbox, server=None)
    assert (nowhere.send_next(), nowhere.send_next()) == (True, False)
    assert (discarded() - before, owed(), users.mail_server.letters) == (1, [], [])
    assert database.rows("SELECT * FROM one_time_tokens") == []


@pytest.mark.usefixtures("stop")
@pytest.mark.parametrize("has_server", [True, False])
def test_a_store_without_a_mail_server_says_so_once(
    users: UsersApi, has_server: bool, caplog: pytest.LogCaptureFixture
) -> None:
    stopping.set()
    outbox = users.outbox if has_server else replace(users.outbox, server=None)
    outbox.run()
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    said = "mails are thrown away: there is no mail server (SMTP_URL is discard:)"
    assert warnings == ([] if has_server else [said])


def test_a_mail_is_not_tried_for_ever(users: UsersApi, refusing: MailServer) -> None:
    users.register()
    database.run("UPDATE mails SET written_at = now() - interval '3 days'")
    refusing.answer = "451 try again later"
    users.outbox.send_next()
    (mail,) = owed()
    assert mail["given_up_at"] is not None


@pytest.mark.usefixtures("stop")
def test_replicas_share_the_work(users: UsersApi) -> None:
    for number in range(6):
        users.register(f"{number}@example.com")
    replicas = [threading.Thread(target=users.outbox.run) for _ in range(3)]
    for replica in replicas:
        replica.start()
    deadline = time.monotonic() + 20
    while owed() and time.monotonic() < deadline:
        time.sleep(0.01)
    stopping.set()
    for replica in replicas:
        replica.join(10)
    came = [letter["To"] for letter in users.mail_server.letters]
    assert sorted(came) == [f"{number}@example.com" for number in range(6)]


def test_a_mail_whose_sender_died_is_sent_by_another(users: UsersApi) -> None:
    users.register()
    with database.reading():
        assert Mail.lease_due(LEASE) is not None
    assert users.letters() == []
    make_due()
    assert len(users.letters()) == 1
