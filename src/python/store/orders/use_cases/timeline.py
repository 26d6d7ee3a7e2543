"""The timeline of an order: what has happened, as a list and live."""

import threading
import time
from collections.abc import Iterator
from uuid import UUID

import orjson

from store.orders.errors import TooManyStreams
from store.orders.metrics import STREAMS
from store.orders.models.order import Order
from store.orders.models.timeline import TimelineEvent, events_after, has_ended
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of
from store.server.process.lifecycle import stopping

TIMELINE = "order-events"
POLL_INTERVAL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
MAX_STREAM_SECONDS = 600.0
MAX_STREAMS = 200


def timeline_page(order_id: UUID, page: PageRequest) -> Page[TimelineEvent]:
    """A page of the timeline, oldest first."""
    after = page.after[0] if page.after else 0
    rows = events_after(order_id, after, page.limit + 1)
    return page_of(rows, page.limit, lambda last: encode_cursor(TIMELINE, last.number))


def is_over(order: Order, last_seen: int) -> bool:
    """Whether the order has ended and this was its last event."""
    return has_ended(order.id) and not events_after(order.id, last_seen, 1)


def live_timeline(order_id: UUID, last_seen: int) -> Iterator[bytes]:
    """Server-sent events after the number `last_seen`, as they happen; TooManyStreams.

    The stream ends when the order has come to its end, after ten minutes, or when this process
    stops; the client then asks again with the Last-Event-ID it has seen. A comment every 15 s keeps
    the connection open. Source: the HTML standard, section 9.2 "Server-sent events".
    """
    if not _slots.acquire(blocking=False):
        raise TooManyStreams
    return _Stream(_event_stream(order_id, last_seen))


class _Stream(Iterator[bytes]):
    """Gives its slot back when it is closed, also if nobody ever read from it."""

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
            _slots.release()


_slots = threading.BoundedSemaphore(MAX_STREAMS)


def _event_stream(order_id: UUID, last_seen: int) -> Iterator[bytes]:
    ends_at = time.monotonic() + MAX_STREAM_SECONDS
    sent_at = time.monotonic()
    yield b"retry: 1000\n\n"
    while time.monotonic() < ends_at:
        # Asked before the events are read: what is over can have no later ones.
        over = has_ended(order_id)
        for event in events_after(order_id, last_seen, 100):
            yield _as_text(event)
            last_seen, sent_at = event.number, time.monotonic()
        if over or stopping.wait(POLL_INTERVAL_SECONDS):
            return
        if time.monotonic() - sent_at >= HEARTBEAT_SECONDS:
            yield b": still here\n\n"
            sent_at = time.monotonic()


def _as_text(event: TimelineEvent) -> bytes:
    data = orjson.dumps(vars(event))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, event.type.encode(), data)
