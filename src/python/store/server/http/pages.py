"""Lists page by an opaque cursor that names the last row seen, so they are stable under writes."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson

from store.server.errors import BadRequest

T = TypeVar("T")
Key = str | int | float | datetime | UUID | None

_BIGINT = 2**63


class BadCursor(BadRequest):
    """The cursor is not one that this list gave out."""

    code = "bad_cursor"

    def __init__(self) -> None:
        super().__init__("This cursor does not belong to this list; start without one.")


@dataclass(frozen=True)
class PageRequest:
    """How many rows are wanted, and the keys of the row they come after."""

    limit: int
    after: tuple[Any, ...] | None


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the next ones; None on the last page."""

    items: Sequence[T]
    next_cursor: str | None


def encode_cursor(kind: str, *keys: Key) -> str:
    """A URL-safe cursor; `kind` names the list and its sort, `keys` the last row's position in it."""
    data = orjson.dumps([kind, *(_packed(key) for key in keys)])
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_cursor(kind: str, cursor: str, *types: type) -> tuple[Any, ...]:
    """The keys inside a cursor of this kind; BadCursor if it is none, or not of these types.

    A cursor is not signed: name the `types`, or check the keys before they reach a query.
    """
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, *packed = orjson.loads(data)
        keys = tuple(_unpacked(key) for key in packed)
    except (binascii.Error, ValueError, TypeError):
        raise BadCursor from None
    if found != kind or (types and not _fits(keys, types)):
        raise BadCursor
    return keys


def page_request(kind: str, args: dict[str, Any], *types: type) -> PageRequest:
    """What the query arguments of `PageArgs` ask for."""
    cursor = args.get("cursor")
    after = decode_cursor(kind, cursor, *types) if cursor else None
    return PageRequest(args["limit"], after)


def page_of(rows: Sequence[T], limit: int, cursor_of: Callable[[T], str]) -> Page[T]:
    """The page made of rows that were asked for as `limit + 1`."""
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], cursor_of(rows[limit - 1]))


def _packed(key: Key) -> object:
    if isinstance(key, datetime):
        return {"t": key.isoformat()}
    return {"u": str(key)} if isinstance(key, UUID) else key


def _unpacked(value: Any) -> Key:
    match value:
        case {"t": str(text)}:
            return datetime.fromisoformat(text)
        case {"u": str(text)}:
            return UUID(text)
        case bool():
            raise TypeError("no column sorts by this")
        case int() if not -_BIGINT <= value < _BIGINT:
            raise ValueError("an integer that no column holds")
        case str() if "\0" in value:
            raise ValueError("a text that no column holds")
        case str() | int() | float() | None:
            return value
    raise TypeError("not a key")


def _fits(keys: tuple[Any, ...], types: tuple[type, ...]) -> bool:
    pairs = zip(keys, types, strict=False)
    return len(keys) == len(types) and all(isinstance(key, kind) for key, kind in pairs)
