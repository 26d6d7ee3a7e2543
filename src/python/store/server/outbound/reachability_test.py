import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from store.server.grpc.testing import closed_at_first, free_port
from store.server.outbound import reachability as module
from store.server.outbound.reachability import Unreachable, wait_until_reachable
from store.server.outbound.reachable_calls import send_when_reachable


class LateServer:
    """One that lets nobody in for the first so many times."""

    def __init__(self, closed: int, error: Exception) -> None:
        self.knocks, self._closed, self._error = 0, closed, error

    def knock(self) -> int:
        self.knocks += 1
        if self.knocks <= self._closed:
            raise self._error
        return self.knocks


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.02)


def test_who_answers_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    assert wait_until_reachable(LateServer(0, Unreachable()).knock, 0, "him") == 1
    assert caplog.messages == []


def test_who_comes_is_waited_for_and_a_line_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROGRESS_SECONDS", 0.1)
    assert (
        wait_until_reachable(LateServer(10, Unreachable("refused")).knock, 60, "the database") == 11
    )
    first, second, *_, last = caplog.messages
    assert first == "waiting for the database, 0 of 60 s: refused"
    assert second == first
    assert re.fullmatch(r"the database answered after 0\.\d s", last)
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_who_stays_away_is_given_up() -> None:
    server = LateServer(1000, Unreachable("refused"))
    with pytest.raises(Unreachable, match="refused") as given_up:
        wait_until_reachable(server.knock, 0.2, "him")
    assert 2 <= server.knocks <= 12
    assert given_up.value.waited >= 0.2


def test_who_refuses_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    server = LateServer(1, PermissionError("wrong password"))
    with pytest.raises(PermissionError):
        wait_until_reachable(server.knock, 60, "him")
    assert (server.knocks, caplog.messages) == (1, [])


class Peer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


def test_a_call_waits_for_a_connection_and_takes_any_answer() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with closed_at_first(server.server_port, 0.3) as port:
        answer = send_when_reachable(
            lambda: requests.post(f"http://127.0.0.1:{port}", timeout=5), 60, "it"
        )
    assert answer.status_code == 503
    server.shutdown()
    server.server_close()


def test_a_call_that_finds_nobody_fails_as_requests_says() -> None:
    for host in (f"127.0.0.1:{free_port()}", "nobody.invalid"):
        with pytest.raises(requests.ConnectionError):
            send_when_reachable(lambda at=host: requests.get(f"http://{at}", timeout=5), 0.1, "it")  # type: ignore[misc]


def test_a_call_that_may_have_arrived_is_not_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            with listener.accept()[0] as caller:
                caller.recv(1000)

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(requests.ConnectionError):
            send_when_reachable(lambda: requests.post(url, timeout=5), 60, "it")
        thread.join()
    assert caplog.messages == []
