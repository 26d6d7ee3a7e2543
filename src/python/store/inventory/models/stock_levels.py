"""Warehouses and what is in them. Levels change through the ledger and reservations only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.inventory.models.refusals import refused_as
from store.inventory.models.tables import database
from store.server.errors import Conflict
from store.server.http.pages import PageRequest


@dataclass(frozen=True)
class Warehouse:
    """A building with shelves."""

    code: str
    name: str
    created_at: datetime

    @classmethod
    def open(cls, code: str, name: str) -> "Warehouse | None":
        """A new warehouse, or None if the code is taken."""
        row = database.row(
            """INSERT INTO warehouses (code, name) VALUES (%s, %s)
            ON CONFLICT DO NOTHING RETURNING code, name, created_at""",
            (code, name),
        )
        return cls(**row) if row else None

    @classmethod
    def make_sure_of(cls, codes: Sequence[str]) -> None:
        """Open those that are not there yet, named like their codes."""
        database.run(
            """INSERT INTO warehouses (code, name)
            SELECT DISTINCT asked.code, asked.code FROM unnest(%s::text[]) asked (code)
            WHERE NOT EXISTS (SELECT FROM warehouses known WHERE known.code = asked.code)
            ORDER BY asked.code ON CONFLICT DO NOTHING""",
            (list(codes),),
        )

    @classmethod
    def listed(cls, page: PageRequest) -> list["Warehouse"]:
        """Warehouses by code, one more than the page has room for."""
        after = page.after[0] if page.after else ""
        rows = database.rows(
            """SELECT code, name, created_at FROM warehouses
            WHERE code > %s ORDER BY code LIMIT %s""",
            (after, page.limit + 1),
        )
        return [cls(**row) for row in rows]


@dataclass(frozen=True)
class StockLevel:
    """The units of a SKU in a warehouse; holds past their time count as given back."""

    warehouse: str
    on_hand: int
    reserved: int
    available: int

    @classmethod
    def of_sku(cls, sku: str) -> "list[StockLevel] | None":
        """The levels of a SKU by warehouse; None if there is no such SKU."""
        rows = database.rows(
            """SELECT warehouse, on_hand, reserved, available
            FROM variants LEFT JOIN shelves USING (sku) WHERE sku = %s ORDER BY warehouse""",
            (sku,),
        )
        return [cls(**row) for row in rows if row["warehouse"] is not None] if rows else None


def correct_reserved(sku: str, warehouse: str, reason: str) -> tuple[int, int] | None:
    """What was reserved, and is now: the sum of the lines held there; None if there is no such shelf.

    Conflict if more is held than is on hand. models/sql/correct_reserved.sql does it.
    """
    with refused_as(reserved_units_are_on_hand=Conflict("More units are held than are on hand.")):
        row = database.row(
            """INSERT INTO stock_corrections (sku, warehouse, reason)
            SELECT sku, warehouse, %(reason)s FROM stock
            WHERE sku = %(sku)s AND warehouse = %(warehouse)s
            RETURNING reserved_before, reserved_after""",
            {"sku": sku, "warehouse": warehouse, "reason": reason},
        )
    return (row["reserved_before"], row["reserved_after"]) if row else None
