"""A subscriber to our webhooks, for tests: a real HTTP server that keeps what it got."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import orjson

from store.orders.models import database
from store.orders.testing import VAULT
from store.orders.webhooks.signing import new_secret
from store.server.ids import new_id
from store.server.testing import wait_until


@dataclass(frozen=True)
class Got:
    """One message as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """The port it came from: the same for messages of one connection."""

    @property
    def data(self) -> dict[str, Any]:
        """What the message tells."""
        data: dict[str, Any] = orjson.loads(self.body)["data"]
        return data


Answer = Callable[["Got"], int]


class Subscriber(ThreadingHTTPServer):
    """Answers with the status that `answer` says, after it has kept the message."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.got: list[Got] = []
        self.answer: Answer = lambda _got: 200
        self.headers: dict[str, str] = {}

    def handle_error(self, *_args: object) -> None:
        """Quiet: whoever sends may be killed on the way."""

    @property
    def url(self) -> str:
        """Where messages are to go."""
        return f"http://127.0.0.1:{self.server_port}/hooks"

    @property
    def told(self) -> list[tuple[UUID, int]]:
        """The order and the number of each event that came, in the order in which they came."""
        return [(UUID(got.data["order_id"]), got.data["number"]) for got in self.got]

    def numbers_of(self, order_id: UUID) -> list[int]:
        """The numbers of an order's events as they came."""
        return [number for told, number in self.told if told == order_id]


class _Desk(BaseHTTPRequestHandler):
    server: Subscriber
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep the message and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        got = Got(self.path, headers, body, self.client_address[1])
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


def add_endpoint(url: str, *event_types: str, secret: str | None = None) -> UUID:
    """A webhook endpoint in the database."""
    endpoint_id = new_id()
    database.run(
        """INSERT INTO webhook_endpoints (id, url, event_types, sealed_secret, created_by)
        VALUES (%s, %s, %s::text[], %s, %s)""",
        (endpoint_id, url, list(event_types), seal(secret or new_secret()), new_id()),
    )
    return endpoint_id


def seal(secret: str) -> bytes:
    """A secret as it lies in the database."""
    return VAULT.seal(secret.encode())


def all_due() -> None:
    """Everything that waits is due, and nobody rests or holds a lease any longer."""
    database.run("UPDATE webhook_endpoints SET rest_until = NULL")
    database.run(
        """UPDATE webhook_deliveries SET due_at = now() - interval '1 second',
        leased_until = leased_until - interval '1 hour' WHERE state = 'pending'"""
    )


def states() -> list[tuple[int, str]]:
    """Number and state of every delivery, by the number of its event."""
    rows = database.rows("SELECT number, state FROM webhook_deliveries ORDER BY event_id")
    return [(row["number"], row["state"]) for row in rows]


def step_until(so: Callable[[], bool], *steps: Callable[[], bool], seconds: float = 15.0) -> None:
    """Take steps in turn until it is so; an AssertionError after that many seconds."""

    def so_by_now() -> bool:
        for step in steps:
            step()
        return so()

    wait_until(so_by_now, seconds)
