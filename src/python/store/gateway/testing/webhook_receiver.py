"""A webhook of a shop, which keeps what it gets."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe

WEBHOOK_SECRET = "whsec_gateway"


class WebhookReceiver:
    """An address that accepts webhooks, or refuses the next few."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], str]] = []
        self.refusals = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def events(self, payment_intent: str) -> list[stripe.Event]:
        """What came about a payment, signatures verified, in the order of arrival."""
        events = [
            stripe.Webhook.construct_event(body, headers["Stripe-Signature"], WEBHOOK_SECRET)
            for headers, body in list(self.received)
        ]
        return [event for event in events if payment_intent in _ids(event)]

    def wait_for(self, payment_intent: str, count: int, seconds: float = 10) -> list[str]:
        """The types of events about a payment, as soon as there are `count` of them."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if len(events := self.events(payment_intent)) >= count:
                return [event.type for event in events]
            time.sleep(0.02)
        raise AssertionError(f"only these came: {[event.type for event in events]}")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                refused, receiver.refusals = receiver.refusals > 0, max(0, receiver.refusals - 1)
                if not refused:
                    receiver.received.append((dict(self.headers), body))
                self.send_response(503 if refused else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        return Handler


def _ids(event: stripe.Event) -> tuple[str | None, str | None]:
    thing = event.to_dict()["data"]["object"]
    return thing.get("id"), thing.get("payment_intent")
