"""Real HTTP servers for tests to stand behind a door."""

import socket
import socketserver
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from store.chaos.listener import Listener

NOTHING = b"POST /v1/refunds HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


class Desk:
    """Counts what it is asked, and answers each request with its number."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.connections: list[Any] = []
        self.open_connections: set[Any] = set()
        self.go_on = threading.Event()
        self.go_on.set()

    @contextmanager
    def served(self, port: int = 0) -> Iterator[str]:
        """The URL it answers at, until the block is left."""
        with Listener(_handler(self), port) as listener:
            yield f"http://127.0.0.1:{listener.port}"


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle(self) -> None:
            desk.connections.append(self)
            desk.open_connections.add(self)
            try:
                super().handle()
            except OSError:
                self.close_connection = True
            finally:
                desk.open_connections.discard(self)

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            desk.asked.append(f"{self.command} {self.path}")
            number = str(len(desk.asked)).encode()
            desk.go_on.wait(10)
            self.send_response(200)
            self.send_header("Content-Length", str(len(number)))
            self.end_headers()
            self.wfile.write(number)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_args: Any) -> None:
            pass

    return Handler


@contextmanager
def playing(request: bytes, answer: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A URL at which this answer is played, piece by piece, to a request of this length; what came."""
    came: list[bytes] = []

    class Player(socketserver.BaseRequestHandler):
        request: socket.socket

        def handle(self) -> None:
            came.append(exactly(self.request, len(request)))
            for piece in answer:
                self.request.sendall(piece)

    with Listener(Player) as listener:
        yield f"http://127.0.0.1:{listener.port}", came


def exactly(sock: socket.socket, length: int) -> bytes:
    """The next so many bytes, or fewer if the connection ends."""
    data = b""
    while len(data) < length and (more := sock.recv(length - len(data))):
        data += more
    return data


def connected(url: str) -> socket.socket:
    """A connection to a URL's host and port."""
    address = urlsplit(url)
    return socket.create_connection((address.hostname or "", address.port or 0), 5)
