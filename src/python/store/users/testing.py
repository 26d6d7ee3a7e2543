"""A customer's view of the service, for tests."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store.auth.callers import Role
from store.users.models.people import User
from store.users.models.tables import database

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


class Shop:
    """The service, as its customers use it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request."""
        return self.client.open(path, method=method, **options)

    def register(self, email: str = ANN, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Ask to become a customer."""
        body = {"email": email, "password": password, "name": "Ann", **fields}
        return self.ask("POST", "/v1/users", json=body)

    def log_in(
        self, email: str = ANN, password: str = PASSWORD, address: str = "192.0.2.1"
    ) -> TestResponse:
        """Ask for a session, from a network address."""
        body = {"email": email, "password": password}
        environ = {"REMOTE_ADDR": address}
        return self.ask("POST", "/v1/sessions", json=body, environ_base=environ)

    def refresh(self, refresh_token: str) -> TestResponse:
        """Ask for new tokens."""
        return self.ask("POST", "/v1/sessions/refresh", json={"refresh_token": refresh_token})

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
