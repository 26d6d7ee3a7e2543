import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from prometheus_client import REGISTRY

from store.server.outbound.http_client import get_json, session
from store.server.telemetry import context


class Peer(ThreadingHTTPServer):
    """Answers with what `answers` says, in turn; the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[int] = [200]
        self.asked: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/keys"


class Handler(BaseHTTPRequestHandler):
    server: Peer

    def do_GET(self) -> None:
        self.server.asked.append({name.lower(): value for name, value in self.headers.items()})
        answers = self.server.answers
        body = json.dumps({"asked": len(self.server.asked)}).encode()
        self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "3600")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def peer() -> Iterator[Peer]:
    server = Peer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    context.request_id.set("")


def test_the_request_id_and_our_name_travel_along(peer: Peer) -> None:
    context.request_id.set("order-7")
    with session("orders") as http:
        http.get(peer.url, timeout=5)
        http.get(peer.url, timeout=5, headers={"x-request-id": "mine"})
    first, second = peer.asked
    assert first["x-request-id"] == "order-7"
    assert first["user-agent"] == "virtual-store"
    assert second["x-request-id"] == "mine"


def test_a_json_document_is_fetched_past_a_bad_moment(peer: Peer) -> None:
    peer.answers = [503, 502, 200]
    assert get_json(peer.url, 5, "users") == {"asked": 3}


def test_bad_moments_end(peer: Peer) -> None:
    peer.answers = [503]
    began = time.monotonic()
    with pytest.raises(requests.HTTPError):
        get_json(peer.url, 5, "users")
    assert len(peer.asked) == 3
    assert time.monotonic() - began < 5


def test_nobody_there_is_a_connection_error() -> None:
    with pytest.raises(requests.ConnectionError):
        get_json("http://127.0.0.1:1/keys", 5, "users")


def test_a_post_is_never_repeated(peer: Peer) -> None:
    peer.answers = [503]
    with session("orders") as http:
        assert http.post(peer.url, timeout=5, data=b"").status_code == 503
    assert len(peer.asked) == 1


def test_calls_are_measured_by_who_is_called(peer: Peer) -> None:
    with session("measured") as http:
        http.get(peer.url, timeout=5)
        with pytest.raises(requests.ConnectionError):
            http.post("http://127.0.0.1:1/", timeout=5)
    assert (calls("measured", "GET", "ok"), calls("measured", "POST", "unreachable")) == (1, 1)


def test_repeats_are_counted_and_the_call_once(peer: Peer) -> None:
    peer.answers = [503, 502, 200]
    with session("repeated") as http:
        assert http.get(peer.url, timeout=5).status_code == 200
    assert REGISTRY.get_sample_value("dependency_retries_total", {"dependency": "repeated"}) == 2
    assert (calls("repeated", "GET", "ok"), calls("repeated", "GET", "error")) == (1, 0)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_deadline_is_told_from_a_lost_connection(method: str) -> None:
    # requests calls it a ConnectionError when urllib3 would have asked again.
    with socket.create_server(("127.0.0.1", 0)) as mute, session("mute") as http:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        with pytest.raises((requests.ConnectionError, requests.Timeout)):
            http.request(method, url, timeout=0.1)
    assert (calls("mute", method, "timeout"), calls("mute", method, "unreachable")) == (1, 0)


def calls(dependency: str, operation: str, outcome: str) -> float | None:
    labels = {"dependency": dependency, "operation": operation, "outcome": outcome}
    return REGISTRY.get_sample_value("dependency_request_duration_seconds_count", labels)
