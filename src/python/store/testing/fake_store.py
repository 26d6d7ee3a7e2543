"""A tiny store for tests: lets everybody in, and answers orders from a list."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

SESSION = {"access_token": "a", "refresh_token": "r", "expires_in": 600}


Reply = tuple[int, dict[str, Any]]
Request = tuple[str, str, str | None, Any]  # method, path, Idempotency-Key, body


class FakeStore:
    """Remembers what it was asked; the answers about orders are taken from its list, in turn."""

    def __init__(self, answers: Iterable[Reply] = ()) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    def answer(self, method: str, path: str, key: str | None, body: Any) -> Reply:
        self.requests.append((method, path, key, body))
        if path == "/":
            return 404, {}
        if path == "/v1/users":
            return 202, {}
        if path.startswith("/v1/sessions"):
            return 201, SESSION
        return self.order()

    def order(self) -> Reply:
        """The next answer about an order."""
        return self.answers.pop(0)

    def requests_to(self, path: str) -> list[Request]:
        return [each for each in self.requests if each[1] == path]


@contextmanager
def serving(store: FakeStore) -> Iterator[str]:
    """Serve it over HTTP on the loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_it(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = self.headers.get("Idempotency-Key")
            status, content = store.answer(self.command, self.path, key, self.content(body))
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Location", "/v1/orders/7")
            self.end_headers()
            self.wfile.write(data)

        def content(self, body: bytes) -> Any:
            """JSON, or the fields of a form."""
            if self.headers.get_content_subtype() == "x-www-form-urlencoded":
                return dict(parse_qsl(body.decode()))
            return json.loads(body or b"null")

        do_GET = do_POST = handle_it  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
