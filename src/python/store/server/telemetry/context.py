"""What belongs to the request in hand, for logs and for calls to other services."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from store.server.telemetry import traces
from store.server.telemetry.redaction import redacted

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request in hand; empty outside of one."""

traceparent: ContextVar[str] = ContextVar("traceparent", default="")
"""The caller's W3C trace context, handed on as it came; empty when there is none."""

order_id: ContextVar[str] = ContextVar("order_id", default="")
"""The order that the work in hand is about; empty when it is about none."""

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def enter(offered_id: str | None, offered_traceparent: str | None = None) -> str:
    """Begin a request: its id is the offered one if that is sane and no secret, else a new one."""
    own_id = offered_id if offered_id and _is_sane(offered_id) else _new_id()
    known = _TRACEPARENT.fullmatch(offered_traceparent) if offered_traceparent else None
    request_id.set(own_id)
    traceparent.set(known[0] if known else "")
    order_id.set("")
    return own_id


def _new_id() -> str:
    # Nobody has to be kept from guessing it, and to ask the system costs thrice as much.
    return f"{random.getrandbits(128):032x}"


def _is_sane(offered_id: str) -> bool:
    return bool(_SANE_ID.fullmatch(offered_id)) and redacted(offered_id) == offered_id


@contextmanager
def resumed(kept: str | None) -> Iterator[None]:
    """Work that goes on in a trace that was kept (`carried`), and that has a request id in any case."""
    own_id = request_id.set(request_id.get() or _new_id())
    own_trace = traceparent.set(kept or traceparent.get())
    try:
        yield
    finally:
        request_id.reset(own_id)
        traceparent.reset(own_trace)


def carried() -> str:
    """The traceparent that leads on from here: the span's at hand, or the caller's; else empty."""
    return traces.current_traceparent() or traceparent.get()


def trace_id() -> str:
    """The trace that the work in hand belongs to; empty when there is none."""
    return carried()[3:35]


def known() -> dict[str, str]:
    """What a log line says of the work in hand: request_id, trace_id and order_id, if there are any."""
    found = {}
    if own_id := request_id.get():
        found["request_id"] = own_id
    if trace := trace_id():
        found["trace_id"] = trace
    if order := order_id.get():
        found["order_id"] = order
    return found


def outgoing() -> dict[str, str]:
    """Lower-case headers (or gRPC metadata) that carry the context to the next service."""
    headers = {"x-request-id": request_id.get(), "traceparent": carried()}
    return {name: value for name, value in headers.items() if value}
