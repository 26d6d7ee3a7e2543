"""Inventory, as orders needs it: hold stock, take it, give it back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from store.auth.rpc import service_key
from store.metrics.dependencies import announce
from store.orders.errors import HoldReleased, NotForSale, OutOfStock, Refusal, UnknownSku
from store.protos.inventory.v1 import inventory_pb2 as messages
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.grpc.channel import RemoteError, errors_in_our_words, open_channel
from store.server.outbound.breaker import Breaker

DEADLINE_SECONDS = 4.0

INVENTORY = "inventory"
"""Its name in the metrics."""


@dataclass(frozen=True)
class PricedLine:
    """What inventory says about one line: its name and its price in minor units."""

    sku: str
    name: str
    unit_price: int


@dataclass(frozen=True)
class Hold:
    """Stock held for an order until `expires_at`, and what it costs."""

    lines: tuple[PricedLine, ...]
    total: int
    expires_at: datetime


class Inventory:
    """The inventory service. Every call may be repeated: it is keyed by the order.

    A definite no is a Refusal; any other error leaves the outcome unknown. It does not survive a fork.
    """

    def __init__(self, address: str, key: str) -> None:
        announce(INVENTORY, "Reserve", "Commit", "Release")
        channel = open_channel(
            address, INVENTORY, interceptors=(service_key(key),), breaker=Breaker(INVENTORY)
        )
        self._stub = InventoryStub(channel)

    def reserve(
        self, order_id: UUID, currency: str, lines: Sequence[tuple[str, int]], seconds: int
    ) -> Hold:
        """Hold (sku, quantity) lines for so many seconds; OutOfStock, UnknownSku or NotForSale."""
        request = messages.ReserveRequest(
            order_id=str(order_id),
            currency=currency,
            lines=[messages.Line(sku=sku, quantity=quantity) for sku, quantity in lines],
            hold_seconds=seconds,
        )
        return _hold(self._ask(lambda: self._stub.Reserve(request, timeout=DEADLINE_SECONDS)))

    def commit(self, order_id: UUID) -> None:
        """Take the held units for good; OutOfStock if the hold expired and they are gone."""
        request = messages.CommitRequest(order_id=str(order_id))
        self._ask(lambda: self._stub.Commit(request, timeout=DEADLINE_SECONDS))

    def release(self, order_id: UUID, reason: str) -> None:
        """Give back all that the order holds or has taken; a reserve that comes later is refused."""
        request = messages.ReleaseRequest(order_id=str(order_id), reason=reason)
        self._ask(lambda: self._stub.Release(request, timeout=DEADLINE_SECONDS))

    @staticmethod
    def _ask(call: Callable[[], messages.Reservation]) -> messages.Reservation:
        try:
            with errors_in_our_words():
                return call()
        except RemoteError as error:
            raise _refusal(error) or error from error


def _hold(reservation: messages.Reservation) -> Hold:
    lines = (PricedLine(line.sku, line.name, line.unit_price) for line in reservation.lines)
    return Hold(tuple(lines), reservation.total, reservation.expires_at.ToDatetime(UTC))


def _refusal(error: RemoteError) -> Refusal | None:
    sku = str(error.facts.get("sku", ""))
    match error.code:
        case "out_of_stock":
            return OutOfStock(sku, int(str(error.facts.get("left", 0))))
        case "unknown_sku":
            return UnknownSku(sku)
        case "not_for_sale":
            return NotForSale(sku)
        case "reservation_released" | "unknown_reservation":
            return HoldReleased()
    return None
