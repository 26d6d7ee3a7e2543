"""Inventory for tests: honest about its stock, and able to fail at any call."""

# ruff: noqa: ARG002 - a fake takes what the real one takes, and needs less of it.

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from store.orders.clients.inventory import Hold, Inventory, PricedLine
from store.orders.errors import HoldReleased, NotForSale, OutOfStock, UnknownSku
from store.orders.testing.faults import Faults
from store.server.clock import now

PRICE = 1290


@dataclass
class FakeReservation:
    """What inventory has put aside for an order."""

    lines: tuple[tuple[str, int], ...]
    state: str


class FakeInventory(Inventory):
    """A shelf. A reservation takes units off it, a release puts them back."""

    def __init__(self, shelf: dict[str, int]) -> None:
        self.shelf = dict(shelf)
        self.prices = dict.fromkeys(shelf, PRICE)
        self.reserved: dict[UUID, FakeReservation] = {}
        self.hold_for = timedelta(minutes=15)
        self.faults = Faults()

    def reserve(
        self, order_id: UUID, currency: str, lines: Sequence[tuple[str, int]], seconds: int
    ) -> Hold:
        """As the real one."""
        return self.faults.around("reserve", lambda: self._reserve(order_id, tuple(lines)))

    def commit(self, order_id: UUID) -> None:
        """As the real one."""
        self.faults.around("commit", lambda: self._commit(order_id))

    def release(self, order_id: UUID, reason: str) -> None:
        """As the real one."""
        self.faults.around("release", lambda: self._release(order_id))

    def expire(self, order_id: UUID) -> None:
        """Let a hold run out."""
        self._put_back(self.reserved[order_id])
        self.reserved[order_id].state = "expired"

    def state_of(self, order_id: UUID) -> str:
        """held, committed, released or expired; nothing when it was never asked."""
        found = self.reserved.get(order_id)
        return found.state if found else "nothing"

    def _reserve(self, order_id: UUID, lines: tuple[tuple[str, int], ...]) -> Hold:
        found = self.reserved.get(order_id)
        if found and found.state == "released":
            raise HoldReleased
        if found is None:
            self._take(lines)
            self.reserved[order_id] = FakeReservation(lines, "held")
        priced = tuple(PricedLine(sku, f"A {sku}", self.prices[sku]) for sku, _ in lines)
        total = sum(self.prices[sku] * quantity for sku, quantity in lines)
        return Hold(priced, total, now() + self.hold_for)

    def _take(self, lines: tuple[tuple[str, int], ...]) -> None:
        for sku, quantity in lines:
            if sku not in self.shelf:
                raise UnknownSku(sku)
            if sku not in self.prices:
                raise NotForSale(sku)
            if self.shelf[sku] < quantity:
                raise OutOfStock(sku, self.shelf[sku])
        for sku, quantity in lines:
            self.shelf[sku] -= quantity

    def _commit(self, order_id: UUID) -> None:
        found = self.reserved[order_id]
        if found.state == "released":
            raise HoldReleased
        if found.state == "expired":
            self._take(found.lines)
        found.state = "committed"

    def _release(self, order_id: UUID) -> None:
        found = self.reserved.setdefault(order_id, FakeReservation((), "released"))
        if found.state in ("held", "committed"):
            self._put_back(found)
        found.state = "released"

    def _put_back(self, found: FakeReservation) -> None:
        for sku, quantity in found.lines:
            self.shelf[sku] += quantity
