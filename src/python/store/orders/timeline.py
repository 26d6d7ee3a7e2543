"""The timeline of an order: what has happened, as a list and live."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from store.orders.errors import TooManyStreams
from store.orders.metrics import STREAMS
from store.orders.models import Order, database
from store.orders.states import FINAL, State
from store.server.lifecycle import stopping
from store.server.paging import Page, PageRequest, encode_cursor, page_of

TIMELINE = "order-events"
LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
LONGEST_STREAM_SECONDS = 600.0
MOST_STREAMS = 200


@dataclass(frozen=True)
class Happening:
    """One event; `number` counts the events of its order from 1, without gaps."""

    number: int
    type: str
    data: dict[str, Any]
    created_at: datetime


_AFTER = """
SELECT number, type, data, created_at FROM order_events
WHERE order_id = %s AND number > %s ORDER BY number LIMIT %s
"""
_FACTS = """
SELECT data FROM order_events WHERE order_id = %s AND type = 'order.letting_go'
ORDER BY number DESC LIMIT 1
"""
_STATE = "SELECT state, step FROM orders WHERE id = %s"


def happenings_after(order_id: UUID, number: int, limit: int) -> list[Happening]:
    """Up to `limit` events that come after this number, oldest first."""
    return [Happening(**row) for row in database.rows(_AFTER, (order_id, number, limit))]


def timeline_page(order_id: UUID, page: PageRequest) -> Page[Happening]:
    """A page of the timeline, oldest first."""
    after = page.after[0] if page.after else 0
    rows = happenings_after(order_id, after, page.limit + 1)
    return page_of(rows, page.limit, lambda last: encode_cursor(TIMELINE, last.number))


def ending_facts(order_id: UUID) -> dict[str, Any]:
    """Why the order had to let go: the reason, and what belongs to it (such as a sku)."""
    row = database.row(_FACTS, (order_id,)) or {}
    return dict(row.get("data", {}))


def is_over(order: Order, last_seen: int) -> bool:
    """Whether the order has ended and this was its last event."""
    return _has_ended(order.id) and not happenings_after(order.id, last_seen, 1)


def live_timeline(order_id: UUID, last_seen: int) -> Iterator[bytes]:
    """Server-sent events after the number `last_seen`, as they happen; TooManyStreams.

    The stream ends when the order has come to its end, after ten minutes, or when this process
    stops; the client then asks again with the Last-Event-ID it has seen. A comment every 15 s keeps
    the connection open. Source: the HTML standard, section 9.2 "Server-sent events".
    """
    if not _places.acquire(blocking=False):
        raise TooManyStreams
    return _Stream(_told(order_id, last_seen))


class _Stream(Iterator[bytes]):
    """Gives its place back when it is closed, also if nobody ever read from it."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._open = True
        STREAMS.inc()

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """End the stream; the server calls this however the connection ends."""
        if self._open:
            self._open = False
            STREAMS.dec()
            _places.release()


_places = threading.BoundedSemaphore(MOST_STREAMS)


def _told(order_id: UUID, last_seen: int) -> Iterator[bytes]:
    ends_at = time.monotonic() + LONGEST_STREAM_SECONDS
    spoken_at = time.monotonic()
    yield b"retry: 1000\n\n"
    while time.monotonic() < ends_at:
        # Asked before the events are read: what is over can have no later ones.
        over = _has_ended(order_id)
        for event in happenings_after(order_id, last_seen, 100):
            yield _as_text(event)
            last_seen, spoken_at = event.number, time.monotonic()
        if over or stopping.wait(LOOK_SECONDS):
            return
        if time.monotonic() - spoken_at >= HEARTBEAT_SECONDS:
            yield b": still here\n\n"
            spoken_at = time.monotonic()


def _has_ended(order_id: UUID) -> bool:
    row = database.row(_STATE, (order_id,)) or {}
    return row["step"] is None and State(row["state"]) in FINAL


def _as_text(event: Happening) -> bytes:
    data = orjson.dumps(vars(event))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, event.type.encode(), data)
