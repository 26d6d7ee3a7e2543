"""What callers sent over gRPC, checked and in our words."""

import re
from collections.abc import Iterable, Sequence
from uuid import UUID

from store.inventory.limits import MAX_RELEASE_REASON
from store.inventory.models.reservations import RequestedLine
from store.inventory.reservations.lifecycle import HOLD_SECONDS, LONGEST_HOLD_SECONDS
from store.protos.inventory.v1 import inventory_pb2
from store.server.errors import Unprocessable
from store.server.limits import CONTROL_CHARACTER, MAX_LINE_UNITS, MAX_ORDER_LINES, SKU
from store.server.money import CURRENCIES

_SKU = re.compile(SKU)


class InvalidField(Unprocessable):
    """One field of a call is wrong; `field` is its dotted path, such as `lines.0.sku`."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}", field=field, reason=reason)


def order_id_of(text: str) -> UUID:
    """The order's id."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidField("order_id", "Must be a UUID.") from None


def currency_of(code: str) -> str:
    """The currency's code."""
    if code not in CURRENCIES:
        raise InvalidField("currency", "Must be an ISO 4217 currency code.")
    return code


def lines_of(lines: Iterable[inventory_pb2.Line]) -> Sequence[RequestedLine]:
    """The lines, of which there are some and not too many, each of another SKU."""
    wanted = [_line(position, line) for position, line in enumerate(lines)]
    if not 1 <= len(wanted) <= MAX_ORDER_LINES:
        raise InvalidField("lines", f"Must be 1 to {MAX_ORDER_LINES} lines.")
    seen: set[str] = set()
    for position, line in enumerate(wanted):
        if line.sku in seen:
            raise InvalidField(f"lines.{position}.sku", "Must not occur in two lines.")
        seen.add(line.sku)
    return wanted


def hold_seconds_of(seconds: int) -> int:
    """How long to hold; 0 stands for the default."""
    if not 0 <= seconds <= LONGEST_HOLD_SECONDS:
        raise InvalidField("hold_seconds", f"Must be from 0 to {LONGEST_HOLD_SECONDS}.")
    return seconds or HOLD_SECONDS


def reason_of(text: str) -> str:
    """Why units come back, for the ledger; it may be empty."""
    if len(text) > MAX_RELEASE_REASON or CONTROL_CHARACTER.search(text):
        raise InvalidField(
            "reason",
            f"Must be at most {MAX_RELEASE_REASON} characters, none of them a control character.",
        )
    return text


def _line(position: int, line: inventory_pb2.Line) -> RequestedLine:
    if not _SKU.fullmatch(line.sku):
        raise InvalidField(
            f"lines.{position}.sku", "Must be a SKU: letters, digits, dots, dashes, at most 64."
        )
    if not 1 <= line.quantity <= MAX_LINE_UNITS:
        raise InvalidField(f"lines.{position}.quantity", f"Must be from 1 to {MAX_LINE_UNITS}.")
    return RequestedLine(line.sku, line.quantity)
