import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from store.auth import remote_keys
from store.auth.callers import Caller, Role
from store.auth.keys import UnknownKey
from store.auth.remote_keys import RemoteKeys
from store.auth.testing import Signer
from store.auth.tokens import InvalidToken, Verifier
from store.server.errors import Unavailable
from store.server.ids import new_id

OLD, NEW, OTHER = Signer("old"), Signer("new"), Signer("other")
CALLER = Caller(new_id(), Role.CUSTOMER)


class Publisher:
    """Users' side: publishes keys over real HTTP, counts who asks, and can be out of order."""

    def __init__(self) -> None:
        self.body: bytes = b""
        self.status = 200
        self.asked = 0
        self.seconds = 0.0
        self.publish(OLD)
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                time.sleep(publisher.seconds)
                self.send_response(publisher.status)
                self.end_headers()
                self.wfile.write(publisher.body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/.well-known/jwks.json"

    def publish(self, *signers: Signer) -> None:
        self.body = json.dumps({"keys": [s.jwks()["keys"][0] for s in signers]}).encode()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    made = Clock()
    monkeypatch.setattr(remote_keys, "time", made)
    return made


class Clock:
    """Stands in for the `time` module."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def test_keys_are_fetched_when_first_needed_and_once(publisher: Publisher) -> None:
    remote = RemoteKeys(publisher.url)
    assert publisher.asked == 0
    for _ in range(3):
        assert remote.find("old").kid == "old"
    assert publisher.asked == 1


def test_a_new_key_is_found_when_a_token_names_it(publisher: Publisher, clock: Clock) -> None:
    verifier = Verifier(RemoteKeys(publisher.url))
    assert verifier.caller_of(OLD.token(CALLER)) == CALLER
    publisher.publish(OLD, NEW)
    clock.now += remote_keys.MIN_FETCH_INTERVAL_SECONDS
    assert verifier.caller_of(NEW.token(CALLER)) == CALLER
    assert verifier.caller_of(OLD.token(CALLER)) == CALLER
    assert publisher.asked == 2


def test_invented_key_ids_do_not_become_load(publisher: Publisher, clock: Clock) -> None:
    verifier = Verifier(RemoteKeys(publisher.url))
    for _ in range(20):
        with pytest.raises(InvalidToken):
            verifier.caller_of(OTHER.token(CALLER))
    assert publisher.asked == 1
    clock.now += remote_keys.MIN_FETCH_INTERVAL_SECONDS
    with pytest.raises(InvalidToken):
        verifier.caller_of(OTHER.token(CALLER))
    assert publisher.asked == 2


def test_those_who_need_the_keys_at_the_same_time_ask_once(publisher: Publisher) -> None:
    remote = RemoteKeys(publisher.url)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(remote.find("old"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(found), publisher.asked) == (8, 1)


def test_those_who_waited_for_a_slow_failure_do_not_ask_one_after_the_other(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_keys, "MIN_FETCH_INTERVAL_SECONDS", 0.2)
    publisher.status, publisher.seconds = 500, 0.3
    remote = RemoteKeys(publisher.url)

    def ask() -> None:
        with pytest.raises(Unavailable):
            remote.find("old")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert publisher.asked == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (404, b"{}"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"keys":[]}'),
        (200, b"\xff"),
    ],
)
def test_old_keys_stay_good_while_the_publisher_is_out_of_order(
    publisher: Publisher, clock: Clock, status: int, body: bytes
) -> None:
    verifier = Verifier(RemoteKeys(publisher.url))
    assert verifier.caller_of(OLD.token(CALLER)) == CALLER
    publisher.status, publisher.body = status, body
    clock.now += remote_keys.MAX_AGE_SECONDS + 1
    assert verifier.caller_of(OLD.token(CALLER)) == CALLER
    # A key that nobody can ask for may be a good one: try again later, do not log in again.
    with pytest.raises(Unavailable) as caught:
        verifier.caller_of(NEW.token(CALLER))
    assert caught.value.status == 503
    publisher.status = 200
    publisher.publish(OLD, NEW)
    clock.now += remote_keys.MIN_FETCH_INTERVAL_SECONDS
    assert verifier.caller_of(NEW.token(CALLER)) == CALLER


def test_without_any_key_a_token_cannot_be_judged() -> None:
    verifier = Verifier(RemoteKeys("http://127.0.0.1:1/jwks.json"))
    with pytest.raises(Unavailable):
        verifier.caller_of(OLD.token(CALLER))
    with pytest.raises(InvalidToken):
        verifier.caller_of("nonsense")


def test_a_withdrawn_key_is_forgotten(publisher: Publisher, clock: Clock) -> None:
    remote = RemoteKeys(publisher.url)
    remote.find("old")
    publisher.publish(NEW)
    clock.now += remote_keys.MAX_AGE_SECONDS + 1
    with pytest.raises(UnknownKey):
        remote.find("old")
