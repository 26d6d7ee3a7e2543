"""HTTP doors between a real client and a real server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import urllib3

from store.proof.faults.doors.ambush import Ambushes, Deed
from store.proof.faults.doors.doors import Doors
from store.proof.faults.listener import Listener


class Desk(BaseHTTPRequestHandler):
    """Answers with what it was asked, and writes it down."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((f"{self.command} {self.path}", str(self.headers), body))
        self.send_response(201)
        self.send_header("Location", "/v1/orders/7")
        self.send_header("Idempotency-Replayed", "true")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    class Fresh(Desk):
        asked: list[tuple[str, str, bytes]] = []

    with Listener(Fresh) as listener:
        yield f"http://127.0.0.1:{listener.port}", Fresh.asked


def test_it(server: Any) -> None:
    url, asked = server
    before = threading.active_count()
    killed: list[str] = []
    ambushes = Ambushes()
    with Doors(ambushes, killed.append) as doors, urllib3.PoolManager(retries=False) as pool:
        door = doors.gateway("orders-1", url)
        body = bytes(range(256)) * 1000
        got = pool.request("POST", f"{door}/v1/refunds?x=1", body=body, headers={"A": "b"})
        assert (got.status, got.data, got.headers["Location"]) == (201, body, "/v1/orders/7")
        ambush = ambushes.lay("refund.after", Deed.KILL)
        with pytest.raises(urllib3.exceptions.ProtocolError):
            pool.request("POST", f"{door}/v1/refunds")
        assert ambush.wait(1)
        assert killed == ["orders-1"]
        assert len(asked) == 2
    assert threading.active_count() == before
