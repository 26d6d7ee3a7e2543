"""A subscriber of our webhooks: it verifies, records and checks what it receives."""

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
from typing import Any, Self

from store.chaos.proxies.listener import HOST, Listener
from store.chaos.signatures import is_signed

LATE_SECONDS = 11.0  # the store gives up after 10


class Reaction(StrEnum):
    """How a message is answered."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    ANSWER_LATE = "answer late"
    HANG_UP = "hang up"


_STATUS = {
    Reaction.ACCEPT: 204,
    Reaction.ANSWER_LATE: 204,
    Reaction.REFUSE: 500,
    Reaction.HANG_UP: 0,
}


@dataclass(frozen=True)
class ReactionShares:
    """The shares of messages that are not simply accepted; drawn from the seed."""

    refused: float = 0.0
    late: float = 0.0
    hung_up: float = 0.0
    late_seconds: float = LATE_SECONDS

    def draw(self, chance: random.Random) -> Reaction:
        """How the next message is answered."""
        reactions = (Reaction.REFUSE, Reaction.ANSWER_LATE, Reaction.HANG_UP, Reaction.ACCEPT)
        shares = (self.refused, self.late, self.hung_up)
        return chance.choices(reactions, (*shares, 1 - sum(shares)))[0]


@dataclass(frozen=True)
class ReceivedDelivery:
    """A message that came with a good signature. `at` is monotonic."""

    event_id: str
    order_id: str
    number: int
    type: str
    at: float
    reaction: Reaction

    @property
    def accepted(self) -> bool:
        """Whether the sender may know that it was accepted."""
        return self.reaction in (Reaction.ACCEPT, Reaction.ANSWER_LATE)


class Subscriber:
    """Listens while its block lasts, at `url`: on the loopback, or at another address of this machine."""

    def __init__(
        self, seed: int = 0, shares: ReactionShares | None = None, host: str = HOST
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._shares = shares or ReactionShares()
        self._lock = threading.Lock()
        self._secrets: list[str] = []
        self._deliveries: list[ReceivedDelivery] = []
        self.bad_signatures = 0
        """Messages that nobody with one of our secrets has signed in the last five minutes."""
        self._listener = Listener(_handler(self), host=host)
        self.url = f"http://{host}:{self._listener.port}/webhooks"

    @property
    def port(self) -> int:
        return self._listener.port

    def __enter__(self) -> Self:
        self._listener.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.__exit__(*exc)

    def trust(self, secret: str) -> None:
        """Accept what is signed with this secret, too. Until the first, everything gets a 503."""
        with self._lock:
            self._secrets.append(secret)

    def react(self, shares: ReactionShares) -> None:
        """Answer so from now on."""
        with self._lock:
            self._shares = shares

    def accept_all(self) -> None:
        """Accept everything at once from now on."""
        self.react(ReactionShares())

    @property
    def deliveries(self) -> list[ReceivedDelivery]:
        """Everything that came, repetitions too, in the order of arrival."""
        with self._lock:
            return list(self._deliveries)

    def received(self) -> Mapping[str, list[int]]:
        """The numbers of each order's events, each once, in the order in which they were accepted."""
        accepted: dict[str, list[int]] = defaultdict(list)
        for delivery in self.deliveries:
            if delivery.accepted and delivery.number not in accepted[delivery.order_id]:
                accepted[delivery.order_id].append(delivery.number)
        return {order_id: numbers for order_id, numbers in accepted.items() if numbers}

    def out_of_order(self) -> list[str]:
        """A sentence for each event that came before an earlier one of its order was accepted.

        What was never accepted is no matter of order: it has been skipped, or is still to come.
        """
        return [
            f"order {late.order_id}: {late.number} was first taken after {early.number} had come"
            for late, early in _overtaken(self.deliveries)
        ]

    def receive(self, headers: Mapping[str, str], body: bytes) -> tuple[int, float]:
        """The status to answer a message with, or 0 to hang up, and after how many seconds."""
        with self._lock:
            if not self._secrets:
                return 503, 0.0
            if not any(is_signed(secret, headers, body) for secret in self._secrets):
                self.bad_signatures += 1
                return 401, 0.0
            reaction = self._shares.draw(self._chance)
            message = json.loads(body)
            data = message["data"]
            if "order_id" in data:  # a test message is about no order
                delivery = ReceivedDelivery(
                    headers["webhook-id"],
                    data["order_id"],
                    data["number"],
                    message["type"],
                    time.monotonic(),
                    reaction,
                )
                self._deliveries.append(delivery)
            late = self._shares.late_seconds if reaction is Reaction.ANSWER_LATE else 0.0
        return _STATUS[reaction], late

    def pause(self, seconds: float) -> None:
        """Return after so many seconds, or at once when the block is left."""
        self._listener.leaving.wait(seconds)


def _overtaken(
    deliveries: list[ReceivedDelivery],
) -> list[tuple[ReceivedDelivery, ReceivedDelivery]]:
    """Each first accepted delivery of an event, with a later event of its order that came before."""
    highest: dict[str, ReceivedDelivery] = {}
    seen: set[tuple[str, int]] = set()
    found = []
    for delivery in deliveries:
        key = delivery.order_id, delivery.number
        before = highest.get(delivery.order_id)
        if delivery.accepted and key not in seen:
            seen.add(key)
            if before and before.number > delivery.number:
                found.append((delivery, before))
        if before is None or before.number < delivery.number:
            highest[delivery.order_id] = delivery
    return found


def _handler(subscriber: Subscriber) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

        def finish(self) -> None:
            # The sender may have left while an answer was still buffered.
            with contextlib.suppress(OSError):
                super().finish()

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, seconds = subscriber.receive(headers, body)
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

    return Handler
