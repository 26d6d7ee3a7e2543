"""A shop's own system as it listens to our webhooks: it verifies, writes down and judges."""

import contextlib
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Any

from store.chaos.listener import HOST, Listener
from store.chaos.signatures import is_signed

LATE_SECONDS = 11.0  # the store gives up after 10


class Manner(StrEnum):
    """How a message is answered."""

    TAKES = "takes"
    REFUSES = "refuses"
    ANSWERS_LATE = "answers late"
    HANGS_UP = "hangs up"


_STATUS = {Manner.TAKES: 204, Manner.ANSWERS_LATE: 204, Manner.REFUSES: 500, Manner.HANGS_UP: 0}


@dataclass(frozen=True)
class Manners:
    """The shares of messages that are not simply taken; drawn from the seed."""

    refused: float = 0.0
    late: float = 0.0
    hung_up: float = 0.0
    late_seconds: float = LATE_SECONDS

    def draw(self, chance: random.Random) -> Manner:
        """How the next message is answered."""
        kinds = (Manner.REFUSES, Manner.ANSWERS_LATE, Manner.HANGS_UP)
        shares = (self.refused, self.late, self.hung_up)
        return chance.choices((*kinds, Manner.TAKES), (*shares, 1 - sum(shares)))[0]


@dataclass(frozen=True)
class Delivery:
    """A message that came with a good signature. `at` is monotonic."""

    event_id: str
    order_id: str
    number: int
    type: str
    at: float
    manner: Manner

    @property
    def taken(self) -> bool:
        """Whether the sender may know that it was taken."""
        return self.manner in (Manner.TAKES, Manner.ANSWERS_LATE)


class Subscriber:
    """Listens while its block lasts, at `url`: on the loopback, or at another address of this machine."""

    def __init__(self, seed: int = 0, manners: Manners | None = None, host: str = HOST) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._manners = manners or Manners()
        self._lock = threading.Lock()
        self._secrets: list[str] = []
        self._deliveries: list[Delivery] = []
        self.bad_signatures = 0
        """Messages that nobody with one of our secrets has signed in the last five minutes."""
        self._listener = Listener(_desk(self), host=host)
        self.url = f"http://{host}:{self._listener.port}/webhooks"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    def __enter__(self) -> "Subscriber":
        self._listener.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.__exit__(*exc)

    def trust(self, secret: str) -> None:
        """Believe what is signed with this secret, too. Until the first, everything gets a 503."""
        with self._lock:
            self._secrets.append(secret)

    def misbehave(self, manners: Manners) -> None:
        """Answer so from now on."""
        with self._lock:
            self._manners = manners

    def behave(self) -> None:
        """Take everything at once from now on."""
        self.misbehave(Manners())

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that came, repetitions too, in the order of arrival."""
        with self._lock:
            return list(self._deliveries)

    def received(self) -> Mapping[str, list[int]]:
        """The numbers of each order's events, each once, in the order in which they were taken."""
        taken: dict[str, list[int]] = defaultdict(list)
        for delivery in self.deliveries:
            if delivery.taken and delivery.number not in taken[delivery.order_id]:
                taken[delivery.order_id].append(delivery.number)
        return {order_id: numbers for order_id, numbers in taken.items() if numbers}

    def out_of_order(self) -> list[str]:
        """A sentence for each event that came before an earlier one of its order was taken.

        What never was taken is no matter of order: it has been skipped, or is still to come.
        """
        deliveries = self.deliveries
        return [
            f"order {late.order_id}: {late.number} was first taken after {early.number} had come"
            for late, early in _overtaken(deliveries)
        ]

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[int, float]:
        """The status to answer a message with, or 0 to hang up, and after how many seconds."""
        with self._lock:
            if not self._secrets:
                return 503, 0.0
            if not any(is_signed(secret, headers, body) for secret in self._secrets):
                self.bad_signatures += 1
                return 401, 0.0
            manner = self._manners.draw(self._chance)
            self._note(headers["webhook-id"], json.loads(body), manner)
            late = self._manners.late_seconds if manner is Manner.ANSWERS_LATE else 0.0
        return _STATUS[manner], late

    def pause(self, seconds: float) -> None:
        """Return after so many seconds, or at once when the block is left."""
        self._listener.leaving.wait(seconds)

    def _note(self, event_id: str, message: Any, manner: Manner) -> None:
        data = message["data"]
        if "order_id" in data:
            at, kind = time.monotonic(), message["type"]
            order_id, number = data["order_id"], data["number"]
            self._deliveries.append(Delivery(event_id, order_id, number, kind, at, manner))


def _overtaken(deliveries: list[Delivery]) -> list[tuple[Delivery, Delivery]]:
    """Each first taking of an event, with a later event of its order that had come before it."""
    highest: dict[str, Delivery] = {}
    seen: set[tuple[str, int]] = set()
    found = []
    for delivery in deliveries:
        key = delivery.order_id, delivery.number
        before = highest.get(delivery.order_id)
        if delivery.taken and key not in seen:
            seen.add(key)
            if before and before.number > delivery.number:
                found.append((delivery, before))
        if before is None or before.number < delivery.number:
            highest[delivery.order_id] = delivery
    return found


def _desk(subscriber: Subscriber) -> type[BaseHTTPRequestHandler]:
    class Desk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

        def finish(self) -> None:
            with contextlib.suppress(
                OSError
            ):  # the sender has left, and an answer is still buffered
                super().finish()

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, seconds = subscriber.take(headers, body)
            subscriber.pause(seconds)
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    return Desk
