from collections.abc import Iterator

import pytest

from store.loadtest.api import Api
from store.loadtest.customers import Account, CannotLogIn, Customer
from store.testing.fake_store import SESSION, FakeStore, Reply, serving

GOOD: Reply = (200, {})
SHORT = {**SESSION, "expires_in": 1}


class FakeUsers(FakeStore):
    """Answers log-ins and refreshes from its list, and with a session when that is empty."""

    def __init__(self) -> None:
        super().__init__([GOOD] * 10)
        self.sessions: list[Reply] = []

    def answer(self, method: str, path: str, key: str | None, body: object) -> Reply:
        usual = super().answer(method, path, key, body)
        return self.sessions.pop(0) if "sessions" in path and self.sessions else usual

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.requests]


@pytest.fixture
def users() -> FakeUsers:
    return FakeUsers()


@pytest.fixture
def url(users: FakeUsers) -> Iterator[str]:
    with serving(users) as address:
        yield address


@pytest.fixture
def customer(url: str) -> Iterator[Customer]:
    api = Api(2, patience=5.0)
    yield Customer(api, url, "secret", "17850")
    api.close()


def test_a_customer_registers_and_logs_in_once(
    customer: Customer, users: FakeUsers, url: str
) -> None:
    for _ in range(3):
        assert customer.call("GET", f"{url}/thing").status == 200
    assert users.paths == ["/v1/users", "/v1/sessions", *["/thing"] * 3]


def test_a_token_that_is_about_to_end_is_refreshed(
    customer: Customer, users: FakeUsers, url: str
) -> None:
    users.sessions = [(201, SHORT)]
    customer.headers()
    customer.call("GET", f"{url}/thing")
    assert users.paths == ["/v1/users", "/v1/sessions", "/v1/sessions/refresh", "/thing"]


def test_a_refresh_whose_answer_was_lost_ends_in_a_new_log_in(
    customer: Customer, users: FakeUsers
) -> None:
    # The store takes the second try with the same token for a thief's, and ends the session.
    reused = (401, {"code": "refresh_token_reused"})
    users.sessions = [(201, SHORT), (503, {}), reused]
    customer.headers()
    customer.headers()
    assert users.paths[2:] == ["/v1/sessions/refresh"] * 2 + ["/v1/sessions"]


def test_a_token_that_is_not_taken_is_replaced_and_the_request_repeated(
    customer: Customer, users: FakeUsers, url: str
) -> None:
    users.answers = [(401, {}), (200, {"id": "7"})]
    assert customer.call("GET", f"{url}/thing").body == {"id": "7"}
    assert users.paths[-3:] == ["/thing", "/v1/sessions/refresh", "/thing"]


def test_a_request_is_not_repeated_for_ever_with_new_tokens(
    customer: Customer, users: FakeUsers, url: str
) -> None:
    users.answers = [(401, {})] * 5
    assert customer.call("GET", f"{url}/thing").status == 401
    assert users.paths.count("/thing") == 2


def test_whoever_is_not_let_in_is_told_so_without_his_password(
    customer: Customer, users: FakeUsers, url: str
) -> None:
    users.sessions = [(401, {"code": "bad_credentials"})]
    sam = Account(customer.api, url, "sam@example.com", "hush")
    with pytest.raises(CannotLogIn, match=r"sam@example.com cannot log in: 401 bad_credentials$"):
        sam.headers()
    assert users.paths == ["/v1/sessions"]


def test_the_same_secret_and_name_are_the_same_account_in_each_proof(url: str) -> None:
    api = Api(1)
    first, again, other = (
        Customer(api, url, secret, "1") for secret in ("secret", "secret", "another")
    )
    assert first.email == again.email != other.email
    assert Customer(api, url, "secret", "1", kind="load").email.startswith("load-")
