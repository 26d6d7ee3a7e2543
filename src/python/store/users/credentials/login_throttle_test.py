"""Throttling: for all replicas, the same for everybody, and never for good."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from store.users.api.dependencies import UsersDependencies
from store.users.app import create_app
from store.users.composition import dependencies_of
from store.users.config import UsersConfig
from store.users.credentials.login_throttle import (
    FAILURES_FOR_AN_ACCOUNT,
    FAILURES_FROM_A_NETWORK,
    WINDOW,
    ClientNetwork,
    LoginOrigin,
)
from store.users.models.tables import database
from store.users.models.throttles import Throttle
from store.users.testing.api import ANN, PASSWORD, UsersApi, code_of

HOME, CAFE = "192.0.2.10", "198.51.100.20"


def fail(users: UsersApi, times: int, email: str = ANN, address: str = CAFE) -> TestResponse:
    """Try a wrong password so often; the last answer."""
    answers = [users.log_in(email, "not the password", address) for _ in range(times)]
    return answers[-1]


def let_windows_pass() -> None:
    database.run("UPDATE throttles SET resets_at = resets_at - %s", (WINDOW,))


@pytest.mark.parametrize("email", [ANN, "nobody@example.com"])
def test_an_account_is_throttled_whether_or_not_it_exists(users: UsersApi, email: str) -> None:
    users.register()
    assert code_of(fail(users, FAILURES_FOR_AN_ACCOUNT, email)) == (401, "wrong_credentials")
    refused = fail(users, 1, email)
    assert code_of(refused) == (429, "throttled")
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW.total_seconds()


def device_of(users: UsersApi, email: str = ANN) -> str:
    """What the device of somebody who has logged in shows."""
    cookie = users.log_in(email).headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=Strict"))
    return cookie.partition(";")[0].removeprefix("device=")


def test_strangers_cannot_lock_an_owner_out_of_a_device_that_was_used_before(
    users: UsersApi,
) -> None:
    users.register()
    device = device_of(users)
    fail(users, FAILURES_FOR_AN_ACCOUNT)
    assert users.log_in(address=CAFE).status_code == 429
    again = users.log_in(address=CAFE, device=device)
    assert again.status_code == 201
    assert device in again.headers["Set-Cookie"]


def test_a_device_is_throttled_on_its_own(users: UsersApi) -> None:
    users.register()
    device = device_of(users)
    for _ in range(FAILURES_FOR_AN_ACCOUNT):
        assert users.log_in(password="not the password", device=device).status_code == 401
    assert users.log_in(device=device).status_code == 429
    assert users.log_in().status_code == 201


@pytest.mark.parametrize("kind", ["of another account", "invented", "unreadable"])
def test_a_cookie_that_we_have_not_given_for_this_account_is_a_stranger_s(
    users: UsersApi, kind: str
) -> None:
    users.register()
    users.register("bob@example.com")
    cookies = {"of another account": device_of(users, "bob@example.com"), "invented": "a.b"}
    fail(users, FAILURES_FOR_AN_ACCOUNT)
    cookie = cookies.get(kind, "é.ß".encode().decode("latin-1"))
    assert users.log_in(device=cookie).status_code == 429


def test_refused_tries_do_not_prolong_the_wait(users: UsersApi) -> None:
    users.register()
    fail(users, FAILURES_FOR_AN_ACCOUNT + 3)
    let_windows_pass()
    assert users.log_in(address=CAFE).status_code == 201


def test_a_password_reset_lets_the_owner_in_at_once(users: UsersApi) -> None:
    users.register()
    users.letters()
    fail(users, FAILURES_FOR_AN_ACCOUNT)
    users.ask("POST", "/v1/password-resets", json={"email": ANN})
    wanted = {"token": users.mailed_token(), "password": "quite another battery"}
    assert users.ask("POST", "/v1/password-resets/confirm", json=wanted).status_code == 204
    assert users.log_in(password="quite another battery", address=CAFE).status_code == 201


def test_good_log_ins_do_not_count(users: UsersApi) -> None:
    users.register()
    for _ in range(FAILURES_FOR_AN_ACCOUNT + 2):
        assert users.log_in().status_code == 201
    fail(users, FAILURES_FOR_AN_ACCOUNT - 1, address="192.0.2.1")
    assert users.log_in().status_code == 201


def try_many_accounts(dependencies: UsersDependencies, address: str) -> None:
    """Fail so often from this address that no further try is let in."""
    with database.reading():
        for number in range(FAILURES_FROM_A_NETWORK):
            dependencies.throttle.admit_login(
                f"{number}@example.com", LoginOrigin(ClientNetwork.of(address))
            )


def test_one_network_cannot_try_many_accounts(
    users: UsersApi, dependencies: UsersDependencies
) -> None:
    try_many_accounts(dependencies, CAFE)
    assert users.log_in(address=CAFE).status_code == 429
    assert users.log_in(address=HOME).status_code == 401


def test_replicas_count_together(users: UsersApi, config: UsersConfig) -> None:
    other = UsersApi(
        create_app(dependencies_of(config)).test_client(), users.outbox, users.mail_server
    )
    users.register()
    fail(users, FAILURES_FOR_AN_ACCOUNT - 1)
    fail(other, 1)
    assert fail(users, 1).status_code == fail(other, 1).status_code == 429


@pytest.mark.usefixtures("opened")
def test_tries_at_the_same_moment_cannot_pass_together() -> None:
    passed: list[bool] = []

    def take() -> None:
        with database.reading():
            passed.append(not Throttle.take(b"b" * 32, 3, timedelta(minutes=1)))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(passed) == [False] * 5 + [True] * 3


def test_guesses_with_a_stolen_access_token_are_throttled(users: UsersApi) -> None:
    ann = users.account()
    wanted = {"current_password": "not the password", "new_password": "quite another battery"}
    for _ in range(FAILURES_FOR_AN_ACCOUNT):
        answer = ann.ask("POST", "/v1/users/me/password", json=wanted)
        assert code_of(answer) == (403, "wrong_password")
    assert ann.ask("POST", "/v1/users/me/password", json=wanted).status_code == 429


@pytest.mark.usefixtures("opened")
def test_registrations_from_one_network_are_limited(config: UsersConfig) -> None:
    strict = replace(config, registrations_per_hour=2)
    client = create_app(dependencies_of(strict)).test_client()
    bodies = [{"email": f"{n}@example.com", "password": PASSWORD, "name": "N"} for n in range(3)]
    answers = [client.post("/v1/users", json=body).status_code for body in bodies]
    assert answers == [202, 202, 429]


def test_behind_a_proxy_it_is_the_client_that_counts(dependencies: UsersDependencies) -> None:
    client = create_app(dependencies, proxies=1).test_client()
    try_many_accounts(dependencies, CAFE)
    body = {"email": ANN, "password": PASSWORD}
    forged = f"{HOME}, {CAFE}"
    statuses = {CAFE: 429, HOME: 401, forged: 429}
    for header, status in statuses.items():
        answer = client.post("/v1/sessions", json=body, headers={"X-Forwarded-For": header})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("2001:db8:1:2:ffff::1", "20010db800010002"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_network_is_what_one_customer_has(address: str | None, network: str) -> None:
    assert ClientNetwork.of(address).name == network
