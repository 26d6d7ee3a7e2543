"""The program, as ops run it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from store.database.config import DatabaseConfig
from store.users.testing.api import ANN, PASSWORD, SECRET, user_of
from store.users.testing.mail_server import free_port

TIMEOUT_SECONDS = 30.0


def environ(database: DatabaseConfig, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATABASE_URL": database.url,
        "KEY_ENCRYPTION_SECRET": SECRET,
        "SMTP_URL": "smtp://127.0.0.1:1",
        "MAIL_FROM": "shop@example.com",
        "PUBLIC_URL": "https://shop.example.com",
        "BIND": "127.0.0.1",
        **more,
    }


def command(*arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "store.users.main", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@contextmanager
def served(env: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-m", "store.users.main", "serve"], env=env)
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{env['OPS_PORT']}/ready")
        yield process
    finally:
        process.kill()
        process.wait(TIMEOUT_SECONDS)


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the process has ended"
        try:
            if requests.get(url, timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("never ready")


def test_the_program_serves_and_leaves_cleanly(database_config: DatabaseConfig) -> None:
    env = environ(database_config, PORT=str(free_port()), OPS_PORT=str(free_port()))
    url = f"http://127.0.0.1:{env['PORT']}/v1"
    person: dict[str, Any] = {"email": ANN, "password": PASSWORD}
    with served(env) as process:
        assert requests.post(f"{url}/users", json={**person, "name": "Ann"}, timeout=5).ok
        tokens = requests.post(f"{url}/sessions", json=person, timeout=5).json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert requests.get(f"{url}/users/me", headers=headers, timeout=5).json()["email"] == ANN
        page = requests.get(f"http://127.0.0.1:{env['OPS_PORT']}/metrics", timeout=5).text
        assert 'users_logins_total{outcome="ok"} 1.0' in page
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_SECONDS) == 0


def test_it_starts_without_what_only_callers_of_other_services_need(
    database_config: DatabaseConfig,
) -> None:
    program = """
import sys
from store.server.process.gevent_patch import patch_gevent
patch_gevent()
import store.server.process.gunicorn, store.users.app, store.users.composition, store.users.maintenance
print(sys.modules.keys() & {"grpc", "requests", "urllib3", "opentelemetry"})
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environ(database_config),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert (ran.stdout, ran.stderr) == ("set()\n", "")


def test_missing_variables_are_named_in_one_line(database_config: DatabaseConfig) -> None:
    env = environ(database_config, KEY_ENCRYPTION_SECRET="", SMTP_URL="", DATABASE_URL="")
    answer = command("serve", env=env)
    assert answer.returncode == 2
    assert answer.stderr == (
        "users serve: bad environment: missing: KEY_ENCRYPTION_SECRET, SMTP_URL, DATABASE_URL\n"
    )


@pytest.mark.usefixtures("opened")
def test_an_operator_makes_the_first_admin(database_config: DatabaseConfig) -> None:
    env = environ(database_config, ADMIN_PASSWORD=PASSWORD)
    assert command("make-admin", ANN, env=env).stdout == f"{ANN}: made\n"
    user = user_of(ANN)
    assert user is not None
    assert user.role == "admin"
    assert command("make-admin", ANN, env=env).stdout == f"{ANN}: is one already\n"


def test_a_bad_admin_is_refused_in_one_line(database_config: DatabaseConfig) -> None:
    env = environ(database_config, ADMIN_PASSWORD="password")
    answer = command("make-admin", ANN, env=env)
    assert answer.returncode == 1
    assert answer.stderr == (
        "users make-admin: password: This password is one of the first that guessers try.\n"
    )


def test_migrating_twice_changes_nothing(database_config: DatabaseConfig) -> None:
    answer = command("migrate", env=environ(database_config))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize("asked", [["migrate"], ["make-admin", ANN]])
def test_a_database_that_stays_away_is_the_one_last_line(
    database_config: DatabaseConfig, asked: list[str]
) -> None:
    env = environ(database_config, DATABASE_URL=f"postgresql://a:b@127.0.0.1:{free_port()}/users")
    answer = command(*asked, env=env)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"users {asked[0]}: the database cannot be reached after 0 s: ")
    assert answer.stderr.count("\n") == 1


def test_the_first_admin_waits_for_a_database_that_cannot_be_reached_yet(
    database_config: DatabaseConfig,
) -> None:
    closed = f"postgresql://a:b@127.0.0.1:{free_port()}/users"
    waiting = {"DATABASE_WAIT_SECONDS": "1", "LOG_LEVEL": "warning"}
    env = environ(database_config, DATABASE_URL=closed, **waiting)
    answer = command("make-admin", ANN, env=env)
    assert "waiting for the database, 0 of 1 s: " in answer.stdout
    assert "cannot be reached after 1 s: " in answer.stderr
