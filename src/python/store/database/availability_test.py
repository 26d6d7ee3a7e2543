import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from store.database.availability import NoDatabase, wait_for_database
from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.postgres import Server
from store.server.outbound import reachability as module

HOST = "127.0.0.1"


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.05)
    caplog.set_level(logging.INFO, logger=module.__name__)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database()
    database.open(DatabaseConfig(url))
    yield database
    database.shut()


@pytest.fixture
def sleeping(home: Path) -> Iterator[Server]:
    """A server with a database `shop` that is not running."""
    server = Server(home, durable=False)
    server.start()
    server.create_role("shop")
    server.create_database("shop", owner="shop")
    server.stop()
    yield server
    server.stop()


@contextmanager
def answering(severity: str, code: str, said: str) -> Iterator[str]:
    """The address of a server that refuses everybody in PostgreSQL's words."""
    fields = f"S{severity}\0C{code}\0M{said}\0\0".encode()
    answer = b"E" + (len(fields) + 4).to_bytes(4) + fields
    with socket.create_server((HOST, 0)) as listener:

        def answer_all() -> None:
            try:
                while True:
                    with listener.accept()[0] as caller:
                        caller.recv(1000)
                        caller.sendall(answer)
            except OSError:
                return

        thread = threading.Thread(target=answer_all)
        thread.start()
        port = listener.getsockname()[1]
        yield f"postgresql://shop:secret@{HOST}:{port}/shop?sslmode=disable"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def test_a_database_that_is_there_is_not_waited_for(
    config: DatabaseConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(config.url) as database:
        wait_for_database(database, 0)
    assert caplog.messages == []


def test_a_database_that_comes_is_waited_for_and_each_step_is_a_line(
    sleeping: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROGRESS_SECONDS", 0.3)
    starting = threading.Timer(0.5, sleeping.start)
    starting.start()
    with opened(sleeping.url("shop", "shop")) as database:
        wait_for_database(database, 60)
    starting.join(60)
    first, second, *_, last = caplog.messages
    assert first.startswith("waiting for the database, 0 of 60 s: connection to server on socket")
    assert second.startswith("waiting for the database, ")
    assert re.fullmatch(r"the database answered after \d+\.\d s", last)


def test_one_that_stays_away_is_given_up_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    with opened(f"postgresql://shop:secret@{HOST}:{port}/shop") as database:
        with pytest.raises(NoDatabase) as given_up:
            wait_for_database(database, 0.3)
        assert len(caplog.messages) == 1
        with pytest.raises(NoDatabase, match="cannot be reached after 0 s"):
            wait_for_database(database, 0)
    assert len(caplog.messages) == 1
    assert re.fullmatch(
        rf'the database cannot be reached after 0 s: connection to server at "{HOST}", port {port} '
        r"failed: Connection refused.*",
        str(given_up.value),
    )


def test_a_name_that_is_not_known_yet_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    with (
        opened("postgresql://shop:secret@not-yet.invalid/shop") as database,
        pytest.raises(NoDatabase, match=r"cannot be reached .*could not translate host name"),
    ):
        wait_for_database(database, 0.2)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("57P03", "the database system is starting up"),
        ("57P03", "the database system is not yet accepting connections"),
        ("57P03", "the database system is shutting down"),
        ("53300", "sorry, too many clients already"),
    ],
)
def test_a_server_that_is_not_ready_yet_is_waited_for(
    code: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        answering("FATAL", code, said) as url,
        opened(url) as database,
        pytest.raises(NoDatabase, match=f"cannot be reached after .*{said}"),
    ):
        wait_for_database(database, 0.2)
    assert len(caplog.messages) == 1


def test_a_wrong_password_is_told_at_once_and_never_shown(
    config: DatabaseConfig, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = replace(config, url=re.sub(r":[^:@/]+@", ":secret@", config.url))
    began = time.monotonic()
    with opened(wrong.url) as database, pytest.raises(NoDatabase) as refused:
        wait_for_database(database, 60)
    assert time.monotonic() - began < 30
    assert "does not let us in" in str(refused.value)
    assert 'password authentication failed for user "things"' in str(refused.value)
    assert "secret" not in str(refused.value)
    assert caplog.messages == []
