"""Real HTTP servers to stand behind a fault proxy."""

import socket
import socketserver
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from store.chaos.proxies.listener import Listener

EMPTY_REFUND = b"POST /v1/refunds HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


class CountingServer:
    """Records its requests, and answers each with its number."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.connections: list[Any] = []
        self.open_connections: set[Any] = set()
        self.may_answer = threading.Event()
        self.may_answer.set()

    @contextmanager
    def served(self, port: int = 0) -> Iterator[str]:
        """The URL it answers at, until the block is left."""
        with Listener(_handler(self), port) as listener:
            yield f"http://127.0.0.1:{listener.port}"


def _handler(server: CountingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle(self) -> None:
            server.connections.append(self)
            server.open_connections.add(self)
            try:
                super().handle()
            except OSError:
                self.close_connection = True
            finally:
                server.open_connections.discard(self)

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.requests.append(f"{self.command} {self.path}")
            number = str(len(server.requests)).encode()
            server.may_answer.wait(10)
            self.send_response(200)
            self.send_header("Content-Length", str(len(number)))
            self.end_headers()
            self.wfile.write(number)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_args: Any) -> None:
            pass

    return Handler


@contextmanager
def scripted_server(request: bytes, answer: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A URL that gives this answer, piece by piece, to a request of this length; and the requests."""
    requests: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        request: socket.socket

        def handle(self) -> None:
            requests.append(receive_exactly(self.request, len(request)))
            for piece in answer:
                self.request.sendall(piece)

    with Listener(Handler) as listener:
        yield f"http://127.0.0.1:{listener.port}", requests


def receive_exactly(sock: socket.socket, length: int) -> bytes:
    """The next so many bytes, or fewer if the connection ends."""
    data = b""
    while len(data) < length and (more := sock.recv(length - len(data))):
        data += more
    return data


def connect(url: str) -> socket.socket:
    """A connection to a URL's host and port."""
    address = urlsplit(url)
    return socket.create_connection((address.hostname or "", address.port or 0), 5)
