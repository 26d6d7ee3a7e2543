"""A customer's view of the service, for tests."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store.auth.callers import Role
from store.users.mail.outbox import Outbox
from store.users.models.people import User
from store.users.models.tables import database
from store.users.testing.mail_server import MailServer

SECRET = "a secret of the tests that is long enough"
PASSWORD = "correct horse battery"
ANN = "ann@example.com"
ADDRESS = {
    "name": "Ann Example",
    "line1": "12 High Street",
    "line2": "Flat 3",
    "city": "Oxford",
    "postal_code": "OX1 4AA",
    "country": "GB",
}


@dataclass
class LoggedInUser:
    """Somebody who is logged in."""

    users: "UsersApi"
    email: str
    access_token: str
    refresh_token: str

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.access_token}", **options.pop("headers", {})}
        return self.users.ask(method, path, headers=headers, **options)

    def change(self, method: str, path: str, **options: Any) -> TestResponse:
        """Read the thing, then change that version of it."""
        seen = self.ask("GET", path)
        return self.ask(method, path, headers={"If-Match": seen.headers["ETag"]}, **options)

    @property
    def id(self) -> UUID:
        return UUID(body_of(self.ask("GET", "/v1/users/me"))["id"])


class UsersApi:
    """The service, as its customers use it."""

    def __init__(self, client: FlaskClient, outbox: Outbox, mail_server: MailServer) -> None:
        self.client = client
        self.outbox = outbox
        self.mail_server = mail_server

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        return self.client.open(path, method=method, **options)

    def register(self, email: str = ANN, password: str = PASSWORD, **fields: str) -> TestResponse:
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
        return self.ask("POST", "/v1/sessions/refresh", json={"refresh_token": refresh_token})

    def letters(self) -> list[EmailMessage]:
        """The mails that came since the last look."""
        while self.outbox.send_next():
            pass
        came = self.mail_server.letters[:]
        self.mail_server.letters.clear()
        return came

    def mailed_token(self) -> str:
        """The token in the one mail that came since the last look."""
        (letter,) = self.letters()
        (token,) = re.findall(r"#token=([\w-]{43})\s", letter.get_content())
        return str(token)

    def account(self, email: str = ANN, role: Role | None = None) -> LoggedInUser:
        """A registered person with this role, logged in."""
        assert self.register(email).status_code == 202
        if role is not None:
            give_role(email, role)
        return self.again(email)

    def again(self, email: str = ANN) -> LoggedInUser:
        """A registered person, logged in once more."""
        answer = self.log_in(email)
        assert answer.status_code == 201, answer.text
        tokens = body_of(answer)
        return LoggedInUser(self, email, tokens["access_token"], tokens["refresh_token"])


def give_role(email: str, role: Role) -> None:
    """Make somebody staff or admin behind the service's back."""
    database.run("UPDATE users SET role = %s WHERE email = %s", (role.value, email))


def user_of(email: str) -> User | None:
    with database.reading():
        return User.with_email(email)


def whole_database() -> dict[str, str]:
    """All rows of each table."""
    found = database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = [row["tablename"] for row in found]
    return {name: str(database.rows(f"SELECT * FROM {name}")) for name in names}


def body_of(answer: TestResponse) -> dict[str, Any]:
    body: dict[str, Any] = answer.get_json()
    return body


def code_of(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type.startswith("application/problem+json"), answer.text
    return answer.status_code, str(body_of(answer)["code"])
