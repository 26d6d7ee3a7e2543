"""A program of the shop's that hears webhooks over real HTTP, for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


class Listener(ThreadingHTTPServer):
    """Keeps what it is sent, and answers each message with the status in `says`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.says = 204

    @classmethod
    @contextmanager
    def open(cls) -> "Iterator[Listener]":
        """A listener on a port of its own."""
        with cls() as listener:
            threading.Thread(target=listener.serve_forever, daemon=True).start()
            yield listener
            listener.shutdown()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}/hooks?shop=1"

    def verified(self, secret: str) -> list[Any]:
        """The messages, each verified with this secret by the Standard Webhooks project's library."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.heard]


class _Ear(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        """Hear a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers), body))
        self.send_response(self.server.says)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""
