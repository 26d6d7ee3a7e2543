"""Reservations, and the calls to the functions of the database that make and end them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from store.inventory.models.tables import database

Request = dict[str, Any]
"""A call for `answer_all`: "call" is reserve, commit or release, "order_id" the order's id as text.

reserve has also currency, skus, quantities and hold_seconds; commit hold_seconds; release reason.
"""

Answer = dict[str, Any]
"""A reservation, or {"refused": code, ...} with the facts of the refusal.

Both have "was", the state before (None if the order was unknown), and "ran_out": whether the hold
of the order was given back just now, because its time is over.
"""


@dataclass(frozen=True)
class Wanted:
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
    def of(cls, answer: Answer) -> "Reservation":
        """The reservation that an answer tells of."""
        expires_at = answer["expires_at"]
        return cls(
            order_id=UUID(answer["order_id"]),
            state=answer["state"],
            currency=answer["currency"],
            total=answer["total"],
            expires_at=expires_at and datetime.fromisoformat(expires_at),
            lines=tuple(PricedLine(**line) for line in answer["lines"]),
        )

    @classmethod
    def find(cls, order_id: UUID) -> "Reservation | None":
        """The reservation of an order; one past its time reads as expired."""
        found = database.row("SELECT reservation_as_json(%s) AS answer", (order_id,))
        return cls.of(found["answer"]) if found and found["answer"] else None


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


def answer_all(requests: Sequence[Request]) -> list[Answer]:
    """Serve these requests in one transaction; the answers are in the same order."""
    rows = database.rows(
        "SELECT serve_orders(%s) AS answer", (orjson.dumps(list(requests)).decode(),)
    )
    return [row["answer"] for row in rows]


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
