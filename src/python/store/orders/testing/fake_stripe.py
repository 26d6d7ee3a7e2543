"""Stripe for the tests of the client: an HTTP server that plays what a test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import orjson


class Stripe:
    """Plays a list of answers, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []

    def says(self, body: Any, status: int = 200, **headers: str) -> None:
        """Answer the next request with this."""
        self.answers.append((status, body, headers))

    def refuses(self, status: int, kind: str, replayed: bool = False, **error: Any) -> None:
        """Answer the next request with this error; `replayed` as one that is kept for its key."""
        headers = {"Idempotent-Replayed": "true"} if replayed else {}
        self.says({"error": {"type": kind, "message": "no", **error}}, status, **headers)

    @property
    def keys(self) -> list[str]:
        """The Idempotency-Keys that came, in order."""
        return [headers.get("Idempotency-Key", "") for _, _, headers in self.asked]

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address it listens at, until the block is left."""
        with _StripeServer(("127.0.0.1", 0), _StripeHandler) as server:
            server.stripe = self
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


class _StripeServer(ThreadingHTTPServer):
    daemon_threads = True
    stripe: Stripe


class _StripeHandler(BaseHTTPRequestHandler):
    server: _StripeServer
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(sent).items()}
        stripe = self.server.stripe
        stripe.asked.append((f"{self.command} {self.path}", form, dict(self.headers)))
        status, body, headers = stripe.answers.pop(0)
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_args: object) -> None:
        """Quiet."""
