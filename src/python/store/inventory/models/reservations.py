"""Reservations, and the calls to the functions of the database that make and end them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson

from store.inventory.models.tables import database


@dataclass(frozen=True)
class RequestedLine:
    """So many units of a SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class PricedLine:
    """A line with what it is called and what a unit costs, in minor units."""

    sku: str
    name: str
    quantity: int
    unit_price: int


@dataclass(frozen=True)
class Reservation:
    """What is held, sold or given back for an order.

    `state` is held, committed, released or expired. A reservation that was released before it was
    made has neither lines nor currency, total and expiry.
    """

    order_id: UUID
    state: str
    currency: str | None
    total: int | None
    expires_at: datetime | None
    lines: tuple[PricedLine, ...]

    @classmethod
    def of(cls, found: dict[str, Any]) -> "Reservation":
        """The reservation that reservation_as_json.sql writes."""
        expires_at = found["expires_at"]
        return cls(
            order_id=UUID(found["order_id"]),
            state=found["state"],
            currency=found["currency"],
            total=found["total"],
            expires_at=expires_at and datetime.fromisoformat(expires_at),
            lines=tuple(PricedLine(**line) for line in found["lines"]),
        )

    @classmethod
    def find(cls, order_id: UUID) -> "Reservation | None":
        """The reservation of an order; one past its time reads as expired."""
        row = database.row("SELECT reservation_as_json(%s) AS found", (order_id,))
        return cls.of(row["found"]) if row and row["found"] else None


@dataclass(frozen=True)
class Reserve:
    """Hold units for an order for so many seconds."""

    name: ClassVar[str] = "reserve"
    order_id: UUID
    currency: str
    lines: Sequence[RequestedLine]
    hold_seconds: int

    def arguments(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "skus": [line.sku for line in self.lines],
            "quantities": [line.quantity for line in self.lines],
            "hold_seconds": self.hold_seconds,
        }


@dataclass(frozen=True)
class Commit:
    """Sell what an order holds; `hold_seconds` is for units that have to be taken again first."""

    name: ClassVar[str] = "commit"
    order_id: UUID
    hold_seconds: int

    def arguments(self) -> dict[str, Any]:
        return {"hold_seconds": self.hold_seconds}


@dataclass(frozen=True)
class Release:
    """Give back what an order holds or has bought; the reason goes to the ledger."""

    name: ClassVar[str] = "release"
    order_id: UUID
    reason: str

    def arguments(self) -> dict[str, Any]:
        return {"reason": self.reason}


Command = Reserve | Commit | Release


@dataclass(frozen=True)
class Refusal:
    """Why a command has changed nothing; `sku` and `left` (units) where it is about a SKU.

    `overdue` is whether holds past their time sit on some of the units that are missing.
    """

    code: str
    sku: str | None = None
    left: int | None = None
    overdue: bool = False


@dataclass(frozen=True)
class ReservationAnswer:
    """What a command has come to.

    `was` is the state before (None: the order was unknown), `ran_out` whether the hold of the order
    was given back just now, because its time is over.
    """

    result: Reservation | Refusal
    was: str | None
    ran_out: bool

    @classmethod
    def of(cls, found: dict[str, Any]) -> "ReservationAnswer":
        """The answer that serve_orders.sql gives."""
        was, ran_out = found.pop("was"), found.pop("ran_out")
        if code := found.pop("refused", None):
            # By name: the next version's function may say more, and serves this one through an upgrade.
            sku, left, overdue = found.get("sku"), found.get("left"), found.get("overdue", False)
            return cls(Refusal(code, sku, left, overdue), was, ran_out)
        return cls(Reservation.of(found), was, ran_out)


@dataclass(frozen=True)
class Offer:
    """What a SKU is called, costs (None: it is not for sale) and how many are left of it."""

    sku: str
    known: bool
    name: str
    unit_price: int | None
    available: int

    @classmethod
    def of_skus(cls, skus: Sequence[str], currency: str) -> list["Offer"]:
        """The offers for these SKUs, in the same order."""
        found = database.rows(
            """SELECT sku, known, name, unit_price, coalesce(available, 0) AS available
            FROM offers(%(skus)s, %(currency)s) LEFT JOIN (
                SELECT sku, sum(available)::bigint AS available
                FROM shelves WHERE sku = ANY (%(skus)s) GROUP BY sku
            ) units USING (sku) ORDER BY place""",
            {"skus": list(skus), "currency": currency},
        )
        return [cls(**row) for row in found]


def state_for_update(order_id: UUID) -> str | None:
    """The state in which an order's reservation is kept; nobody else moves it until the transaction ends."""
    database.row("SELECT pg_advisory_xact_lock(order_key(%s))", (order_id,))
    # A second statement, so that it sees what the lock was waiting for.
    row = database.row("SELECT state FROM reservations WHERE order_id = %s", (order_id,))
    return row["state"] if row else None


def answer_all(commands: Sequence[Command]) -> list[ReservationAnswer]:
    """Carry out these commands in one transaction; the answers are in the same order."""
    requests = [
        {"call": command.name, "order_id": command.order_id, **command.arguments()}
        for command in commands
    ]
    rows = database.rows("SELECT serve_orders(%s) AS answer", (orjson.dumps(requests).decode(),))
    return [ReservationAnswer.of(row["answer"]) for row in rows]


def expire_overdue(limit: int) -> int:
    """Give back up to `limit` holds past their time; how many it were."""
    found = database.row("SELECT sweep_overdue(%s) AS expired", (limit,))
    return int(found["expired"]) if found else 0


def count_held() -> tuple[int, int]:
    """How many reservations hold units now, and how many of them should not for a minute already.

    Reads the index of the held ones (by expiry), however many others there are.
    """
    found = database.row(
        """SELECT count(*) AS held,
            count(*) FILTER (WHERE expires_at <= now() - interval '1 minute') AS overdue
        FROM reservations WHERE state = 'held'"""
    )
    return (found["held"], found["overdue"]) if found else (0, 0)
