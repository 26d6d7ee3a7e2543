import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from store.devstack.mails import readable, serve_mails
from store.devstack.ports import HOST

PORT = 41_925


def a_mail(to: str = "ada@example.com") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", to, "Grüße aus dem Laden"
    mail.set_content("Bitte bestätigen: http://127.0.0.1:8001/verify?token=abc\n", cte="base64")
    return mail


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Controller]:
    controller = serve_mails(tmp_path, PORT)
    yield controller
    controller.stop()


def test_a_mail_lands_in_the_folder_where_a_person_can_read_it(
    server: Controller, tmp_path: Path
) -> None:
    with smtplib.SMTP(HOST, PORT) as smtp:
        smtp.send_message(a_mail())
    (file,) = tmp_path.glob("*.eml")
    assert file.name.endswith("-ada@example.com.eml")
    assert "Bitte bestätigen: http://127.0.0.1:8001/verify?token=abc" in file.read_text()


def test_a_receiver_cannot_choose_another_folder(server: Controller, tmp_path: Path) -> None:
    with smtplib.SMTP(HOST, PORT) as smtp:
        smtp.sendmail("shop@example.com", ["../../etc/passwd@example.com"], a_mail().as_bytes())
    assert [path.parent for path in tmp_path.rglob("*.eml")] == [tmp_path]


def test_two_mails_to_one_receiver_are_two_files(server: Controller, tmp_path: Path) -> None:
    with smtplib.SMTP(HOST, PORT) as smtp:
        smtp.send_message(a_mail())
        smtp.send_message(a_mail())
    assert len(list(tmp_path.glob("*.eml"))) == 2


def test_every_text_of_a_mail_with_parts_is_readable() -> None:
    mail = a_mail()
    mail.add_alternative("<p>Bitte bestätigen</p>", subtype="html", cte="quoted-printable")
    text = readable(mail.as_bytes()).decode()
    assert "<p>Bitte bestätigen</p>" in text
    assert "Bitte bestätigen: http" in text
