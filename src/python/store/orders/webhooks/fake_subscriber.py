"""Subscribers to our webhooks, for tests: a real HTTP server that keeps what it got, and rude ones."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import orjson


@dataclass(frozen=True)
class ReceivedMessage:
    """One message as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """The port it came from: the same for messages of one connection."""

    @property
    def data(self) -> dict[str, Any]:
        """The facts of the message."""
        data: dict[str, Any] = orjson.loads(self.body)["data"]
        return data


Answer = Callable[["ReceivedMessage"], int]


class Subscriber(ThreadingHTTPServer):
    """Answers with the status that `answer` says, after it has kept the message."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SubscriberHandler)
        self.got: list[ReceivedMessage] = []
        self.answer: Answer = lambda _got: 200
        self.headers: dict[str, str] = {}

    def handle_error(self, *_args: object) -> None:
        """Quiet: whoever sends may be killed on the way."""

    @property
    def url(self) -> str:
        """Where messages are to go."""
        return f"http://127.0.0.1:{self.server_port}/hooks"

    @property
    def events(self) -> list[tuple[UUID, int]]:
        """The order and the number of each event that came, in the order in which they came."""
        return [(UUID(got.data["order_id"]), got.data["number"]) for got in self.got]

    def numbers_of(self, order_id: UUID) -> list[int]:
        """The numbers of an order's events as they came."""
        return [number for found, number in self.events if found == order_id]


class _SubscriberHandler(BaseHTTPRequestHandler):
    server: Subscriber
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep the message and answer."""
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sends was killed on the way
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        got = ReceivedMessage(self.path, headers, body, self.client_address[1])
        self.server.got.append(got)
        self.send_response(self.server.answer(got))
        for name, value in {"Content-Length": "0", **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@contextmanager
def subscribing() -> Iterator[Subscriber]:
    """A subscriber that listens until the block ends."""
    with Subscriber() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


Talk = Callable[[socket.socket], None]


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """The URL of a server that does with each connection what `talk` does, once it was spoken to."""

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with sock:
                sock.recv(65536)
                try:
                    talk(sock)
                except OSError:
                    continue  # the client has hung up, as it should

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def trickle(head: bytes) -> Talk:
    """Says this, and then a byte now and then for as long as somebody listens."""

    def talk(sock: socket.socket) -> None:
        sock.sendall(head)
        while True:
            sock.sendall(b"x")
            time.sleep(0.05)

    return talk
