"""What a subscriber gets to read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

MOST_BYTES = 20_000
"""The specification asks for small messages, and recommends to stay below 20 kB."""


@dataclass(frozen=True)
class Message:
    """A message and its id, which stays the same however often it is sent."""

    id: str
    body: bytes


def message_of(message_id: str, kind: str, at: datetime, data: dict[str, Any]) -> Message:
    """What happened, of which type and when, in the form of the specification's payloads."""
    return Message(message_id, orjson.dumps({"type": kind, "timestamp": at, "data": data}))


def event_message(
    event_id: int, kind: str, at: datetime, about: dict[str, Any], facts: dict[str, Any]
) -> Message:
    """An order's event; facts that are too much for a message are left to the API."""
    whole = message_of(f"evt_{event_id}", kind, at, about | facts | about)
    if len(whole.body) <= MOST_BYTES:
        return whole
    return message_of(whole.id, kind, at, about)
