"""A customer's view of the service, for tests."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store.auth.callers import Role
from store.users.models.people import User
from store.users.models.tables import database
from store.users.outbox import Outbox

SECRET = "a secret of the tests that is long enough"
PASSWORD = "correct horse battery"
ANN = "ann@example.com"


@dataclass
class Person:
    """Somebody who is logged in."""

    shop: "Shop"
    email: str
    access_token: str
    refresh_token: str

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request in this person's name."""
        headers = {"Authorization": f"Bearer {self.access_token}", **options.pop("headers", {})}
        return self.shop.ask(method, path, headers=headers, **options)

    def change(self, method: str, path: str, **options: Any) -> TestResponse:
        """Read the thing, then change that version of it."""
        seen = self.ask("GET", path)
        return self.ask(method, path, headers={"If-Match": seen.headers["ETag"]}, **options)

    @property
    def id(self) -> UUID:
        """This person's id."""
        return UUID(body_of(self.ask("GET", "/v1/users/me"))["id"])


class PostOffice:
    """A real SMTP server that keeps what it is handed."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.port = free_port()
        self.answer = "250 OK"

    @classmethod
    @contextmanager
    def open(cls, **options: Any) -> "Iterator[PostOffice]":
        """A server on a port of its own; `options` are those of aiosmtpd's Controller."""
        office = cls()
        controller = Controller(office, hostname="127.0.0.1", port=office.port, **options)
        controller.start()
        try:
            yield office
        finally:
            controller.stop()

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd with each mail."""
        if self.answer.startswith("250"):
            content = cast(bytes, envelope.content)
            self.letters.append(message_from_bytes(content, policy=policy.default))
        return self.answer


class Shop:
    """The service, as its customers use it."""

    def __init__(self, client: FlaskClient, outbox: Outbox, post_office: PostOffice) -> None:
        self.client = client
        self.outbox = outbox
        self.post_office = post_office

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request."""
        return self.client.open(path, method=method, **options)

    def register(self, email: str = ANN, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Ask to become a customer."""
        body = {"email": email, "password": password, "name": "Ann", **fields}
        return self.ask("POST", "/v1/users", json=body)

    def log_in(
        self,
        email: str = ANN,
        password: str = PASSWORD,
        address: str = "192.0.2.1",
        device: str | None = None,
    ) -> TestResponse:
        """Ask for a session, from a network address and with a device's cookie."""
        return self.ask(
            "POST",
            "/v1/sessions",
            json={"email": email, "password": password},
            environ_base={"REMOTE_ADDR": address},
            headers={"Cookie": f"device={device}"} if device else {},
        )

    def refresh(self, refresh_token: str) -> TestResponse:
        """Ask for new tokens."""
        return self.ask("POST", "/v1/sessions/refresh", json={"refresh_token": refresh_token})

    def letters(self) -> list[EmailMessage]:
        """The mails that came since the last look."""
        while self.outbox.send_next():
            pass
        came = self.post_office.letters[:]
        self.post_office.letters.clear()
        return came

    def mailed_token(self) -> str:
        """The token in the one mail that came since the last look."""
        (letter,) = self.letters()
        (token,) = re.findall(r"#token=([\w-]{43})\s", letter.get_content())
        return str(token)

    def person(self, email: str = ANN, role: Role | None = None) -> Person:
        """A registered person with this role, logged in."""
        assert self.register(email).status_code == 202
        if role is not None:
            give_role(email, role)
        return self.again(email)

    def again(self, email: str = ANN) -> Person:
        """A registered person, logged in once more."""
        answer = self.log_in(email)
        assert answer.status_code == 201, answer.text
        tokens = body_of(answer)
        return Person(self, email, tokens["access_token"], tokens["refresh_token"])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def give_role(email: str, role: Role) -> None:
    """Make somebody staff or admin behind the service's back."""
    database.run("UPDATE users SET role = %s WHERE email = %s", (role.value, email))


def user_of(email: str) -> User | None:
    """The row of a person."""
    with database.reading():
        return User.with_email(email)


def body_of(answer: TestResponse) -> dict[str, Any]:
    """The JSON object of an answer."""
    body: dict[str, Any] = answer.get_json()
    return body


def code_of(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a problem document."""
    assert answer.content_type.startswith("application/problem+json"), answer.text
    return answer.status_code, str(body_of(answer)["code"])
