"""The programs, as ops run them, with small stand-ins for the other services."""

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import orjson
import pytest
import requests
from standardwebhooks import Webhook

from store.auth.callers import Caller, Role
from store.auth.rpc import ServiceKeys
from store.auth.testing import Signer
from store.database.config import DatabaseConfig
from store.orders.testing.shop import ENCRYPTION_SECRET, basket
from store.orders.webhooks.fake_subscriber import subscribing
from store.protos.inventory.v1 import inventory_pb2 as messages
from store.protos.inventory.v1.inventory_pb2_grpc import (
    InventoryServicer,
    add_InventoryServicer_to_server,
)
from store.server.clock import now
from store.server.grpc.server import make_server
from store.server.grpc.testing import RunningProgram, free_port, running, wait_until
from store.server.ids import new_id

PROGRAM = "import sys; from store.orders.main import main; sys.argv[0] = 'orders'; main()"
KEY = "key-of-the-tests"
SETTINGS = (
    "DATABASE_URL",
    "INVENTORY_ADDRESS",
    "INVENTORY_RPC_KEY",
    "PAYMENT_API_KEY",
    "KEY_ENCRYPTION_SECRET",
)


class Shelf(InventoryServicer):
    """Has everything, at 10.00 each."""

    def Reserve(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Hold it."""
        lines = [
            messages.PricedLine(
                sku=line.sku, name=line.sku, quantity=line.quantity, unit_price=1000
            )
            for line in request.lines
        ]
        total = sum(line.quantity * line.unit_price for line in lines)
        reservation = messages.Reservation(lines=lines, total=total)
        reservation.expires_at.FromSeconds(int(now().timestamp()) + 900)
        return reservation

    def Commit(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Take it."""
        return messages.Reservation()

    Quote = Release = Commit


class Bank(ThreadingHTTPServer):
    """The keys of access tokens, and a gateway that takes every card unless it is closed."""

    daemon_threads = True

    def __init__(self, jwks: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _BankHandler)
        self.jwks = jwks
        self.closed = False
        self.numbers = count()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _BankHandler(BaseHTTPRequestHandler):
    server: Bank
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.path.split("/"):
            case [*_, intent_id, "capture"]:
                intent: dict[str, Any] = {
                    "id": intent_id,
                    "status": "succeeded",
                    "amount_received": 2000,
                }
            case _:
                made = f"pi_{next(self.server.numbers)}"
                intent = {"id": made, "status": "requires_capture", "amount_capturable": 2000}
        intent["object"] = "payment_intent"
        body = orjson.dumps(self.server.jwks if self.path == "/jwks" else intent)
        self.send_response(503 if self.server.closed and self.path != "/jwks" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def bank(signer: Signer) -> Iterator[Bank]:
    with Bank(signer.jwks()) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def inventory() -> Iterator[str]:
    server = make_server(
        lambda server: add_InventoryServicer_to_server(Shelf(), server), [], [ServiceKeys([KEY])]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


@pytest.fixture
def environ(database_config: DatabaseConfig, bank: Bank, inventory: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_config.url,
        "JWKS_URL": f"{bank.url}/jwks",
        "INVENTORY_ADDRESS": inventory,
        "INVENTORY_RPC_KEY": KEY,
        "PAYMENT_API_URL": bank.url,
        "PAYMENT_API_KEY": "sk_test_1",
        "PAYMENT_WEBHOOK_SECRET": "whsec_1",
        "KEY_ENCRYPTION_SECRET": ENCRYPTION_SECRET,
        "WEBHOOK_PRIVATE_ADDRESSES": "true",
        "PLACE_SECONDS": "0.5",
    }


def place(served: RunningProgram, headers: dict[str, str]) -> requests.Response:
    headers = {**headers, "Idempotency-Key": str(new_id())}
    return requests.post(f"{served.url}/v1/orders", json=basket(), headers=headers, timeout=20)


def listen(served: RunningProgram, url: str, headers: dict[str, str]) -> str:
    """The secret of a new webhook endpoint."""
    answer = requests.post(
        f"{served.url}/v1/webhook-endpoints",
        json={"url": url, "event_types": ["order.confirmed"]},
        headers={**headers, "Idempotency-Key": str(new_id())},
        timeout=20,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


PENDING = 'orders_total{reason="",state="pending"} '
CONFIRMED = 'orders_total{reason="",state="confirmed"} '
OF_A_WORKER = ("orders_due", "orders_oldest_pending", "orders_in_progress")


def page_of(program: RunningProgram) -> set[str]:
    """The lines of a program's metrics."""
    return set(requests.get(f"{program.ops}/metrics", timeout=5).text.splitlines())


def test_orders_are_served_worked_on_told_and_left_in_good_order(
    environ: dict[str, str], bank: Bank, signer: Signer, buyer: Caller
) -> None:
    headers = signer.headers(buyer)
    with ExitStack() as programs:
        subscriber = programs.enter_context(subscribing())
        served = programs.enter_context(running(PROGRAM, "serve", **environ))
        wait_until(served.is_ready, 30)
        secret = listen(served, subscriber.url, signer.headers(Caller(new_id(), Role.ADMIN)))
        answer = place(served, headers)
        assert (answer.status_code, answer.json()["state"]) == (201, "confirmed"), served.said()
        bank.closed = True
        promised = place(served, headers)
        assert (promised.status_code, promised.json()["state"]) == (202, "pending")
        shown = page_of(served)
        assert {PENDING + "2.0", CONFIRMED + "1.0"} < shown
        assert not [line for line in shown if line.startswith(OF_A_WORKER)]
        assert served.leave(signal.SIGTERM) == 0, served.said()
        bank.closed = False
        works = programs.enter_context(running(PROGRAM, "work", **environ))
        wait_until(works.is_ready, 30)
        wait_until(lambda: CONFIRMED + "1.0" in page_of(works), 30)
        shown = page_of(works)
        assert PENDING + "0.0" in shown
        assert {line.split()[0] for line in shown if line.startswith(OF_A_WORKER)} == {
            "orders_due",
            "orders_oldest_pending_seconds",
            'orders_in_progress{state="pending"}',
            'orders_in_progress{state="awaiting_payment"}',
        }
        wait_until(lambda: len(subscriber.got) == 2, 20)
        published = [
            Webhook(secret).verify(got.body, got.headers)["data"] for got in subscriber.got
        ]
        assert {each["order_id"] for each in published} == {
            answer.json()["id"],
            promised.json()["id"],
        }
        assert works.leave(signal.SIGTERM) == 0, works.said()
        for kept in ("sk_test_1", ENCRYPTION_SECRET, secret, subscriber.url):
            assert kept not in served.said() + works.said()


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("serve", (*SETTINGS, "JWKS_URL", "PAYMENT_WEBHOOK_SECRET")),
        ("work", SETTINGS),
        ("repair", ("DATABASE_URL", "PAYMENT_API_KEY")),
    ],
)
def test_a_program_says_in_one_line_what_it_misses(command: str, missing: tuple[str, ...]) -> None:
    nothing = dict.fromkeys(missing, "")
    with running(PROGRAM, command, **nothing, PORT=str(free_port())) as program:
        assert program.process.wait(30) == 2
        named = ", ".join(missing)
        assert program.said() == f"orders {command}: bad environment: missing: {named}\n"


def test_migrating_twice_changes_nothing(environ: dict[str, str]) -> None:
    with running(PROGRAM, "migrate", **environ) as program:
        assert (program.process.wait(30), program.said()) == (0, "")
