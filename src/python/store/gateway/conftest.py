"""The gateway as its users meet it: a real process, a real database, the official SDK."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.gateway.models import MIGRATIONS, database

API_KEY = "sk_test_gateway"
OTHER_KEY = "sk_test_rotated"
WEBHOOK_SECRET = "whsec_gateway"


@dataclass(frozen=True)
class Running:
    """A gateway's processes, and where they listen."""

    process: subprocess.Popen[bytes]
    url: str

    def kill(self) -> None:
        """End all of it at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


class Listener:
    """An address that takes webhooks, or refuses the next few."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], str]] = []
        self.refusals = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def events(self, payment_intent: str) -> list[stripe.Event]:
        """What was heard of a payment, signatures verified, in the order of arrival."""
        told = [
            stripe.Webhook.construct_event(body, headers["Stripe-Signature"], WEBHOOK_SECRET)
            for headers, body in list(self.heard)
        ]
        return [event for event in told if payment_intent in _ids(event)]

    def wait_for(self, payment_intent: str, count: int, seconds: float = 10) -> list[str]:
        """The types of events about a payment, as soon as there are `count` of them."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if len(events := self.events(payment_intent)) >= count:
                return [event.type for event in events]
            time.sleep(0.02)
        raise AssertionError(f"heard only {[event.type for event in events]}")

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                refused, listener.refusals = listener.refusals > 0, max(0, listener.refusals - 1)
                if not refused:
                    listener.heard.append((dict(self.headers), body))
                self.send_response(503 if refused else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        return Handler


def _ids(event: stripe.Event) -> tuple[str | None, str | None]:
    thing = event.to_dict()["data"]["object"]
    return thing.get("id"), thing.get("payment_intent")


@pytest.fixture(scope="session")
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="session")
def start_gateway() -> Iterator[Callable[[str, str], Running]]:
    """Starts a gateway on a database, for a listener. All are stopped at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(database_url: str, webhook_url: str) -> Running:
        port, ops_port = _free_ports()
        environ = _environ(port, ops_port) | {
            "DATABASE_URL": database_url,
            "WEBHOOK_URL": webhook_url,
        }
        command = [sys.executable, "-m", "store.gateway.main", "serve"]
        started.append(subprocess.Popen(command, env=environ, start_new_session=True))
        _wait_until_ready(started[-1], f"http://127.0.0.1:{ops_port}/ready")
        return Running(started[-1], environ["PUBLIC_URL"])

    yield start
    alive = [process for process in started if process.poll() is None]
    for process in alive:
        process.terminate()
    assert [process.wait(20) for process in alive] == [0] * len(alive)


@pytest.fixture(scope="session")
def database_url(postgres: FleetingServer) -> Iterator[str]:  # noqa: F811
    with postgres.fresh(postgres.template("gateway", MIGRATIONS)) as config:
        yield config.url


@pytest.fixture(scope="session")
def gateway(
    database_url: str, listener: Listener, start_gateway: Callable[[str, str], Running]
) -> str:
    """The address of a running gateway."""
    return start_gateway(database_url, listener.url).url


@pytest.fixture
def fresh_database(postgres: FleetingServer) -> Iterator[None]:  # noqa: F811
    """A database of its own for a test that works inside this process."""
    with postgres.fresh(postgres.template("gateway", MIGRATIONS)) as config:
        database.open(config)
        yield
        database.shut()


@pytest.fixture
def http(gateway: str) -> Iterator[requests.Session]:
    """Plain HTTP with the API key, for what the SDK hides."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {API_KEY}"
        yield session


@pytest.fixture
def sdk(gateway: str, http: requests.Session) -> stripe.StripeClient:
    """The official SDK, pointed at the gateway."""
    return stripe.StripeClient(
        API_KEY,
        base_addresses={"api": gateway},
        http_client=stripe.RequestsClient(session=http),
        max_network_retries=0,
    )


@pytest.fixture
def order_fault(gateway: str, http: requests.Session) -> Iterator[Callable[..., None]]:
    """Orders misbehaviour that ends with the test."""

    def order(kind: str, **more: Any) -> None:
        http.post(
            f"{gateway}/v1/test_helpers/faults", json={"kind": kind, **more}
        ).raise_for_status()

    yield order
    http.delete(f"{gateway}/v1/test_helpers/faults").raise_for_status()


@pytest.fixture
def pay(sdk: stripe.StripeClient) -> Callable[..., stripe.PaymentIntent]:
    """Creates and confirms a payment of 20 euros, captured later unless said otherwise."""

    def pay(payment_method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
        options = (
            {"idempotency_key": more.pop("idempotency_key")} if "idempotency_key" in more else {}
        )
        params = {
            "amount": 2000,
            "currency": "eur",
            "payment_method": payment_method,
            "capture_method": "manual",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        return sdk.v1.payment_intents.create(params | more, options)  # type: ignore[arg-type]

    return pay


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _environ(port: int, ops_port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "BIND": "127.0.0.1",
        "PORT": str(port),
        "OPS_PORT": str(ops_port),
        "API_KEYS": f"{API_KEY},{OTHER_KEY}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "text",
    }


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and process.poll() is None:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the gateway did not become ready")
