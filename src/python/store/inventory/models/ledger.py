"""The ledger: every unit that came, went, or was found at a count."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from store.inventory.errors import AlreadyBooked, UnitsReserved, UnknownSku, UnknownWarehouse
from store.inventory.models.refusals import refused_as
from store.inventory.models.tables import database
from store.server.http.pages import PageRequest


@dataclass(frozen=True)
class NewMovement:
    """A line for the ledger.

    `quantity` is what comes (or, negative, goes). In a count it is None, and `counted` the level.
    """

    sku: str
    warehouse: str
    kind: str
    quantity: int | None
    counted: int | None
    reason: str
    reference: str
    actor: str


@dataclass(frozen=True)
class Movement:
    """A line of the ledger."""

    id: UUID
    sku: str
    warehouse: str
    kind: str
    quantity: int
    on_hand_after: int
    reason: str
    reference: str
    actor: str
    created_at: datetime

    def says(self, new: NewMovement) -> bool:
        """Whether this line says what the new one would."""
        if new.quantity is None:
            return self.on_hand_after == new.counted
        return self.quantity == new.quantity

    @classmethod
    def book(cls, new: NewMovement) -> "Movement":
        """Write a line and change the level, in one statement.

        Raises AlreadyBooked, UnitsReserved, UnknownSku, UnknownWarehouse.
        """
        with refused_as(
            a_reference_is_booked_once=AlreadyBooked(new.reference, new.sku),
            reserved_units_are_on_hand=UnitsReserved(new.sku, new.warehouse),
            stock_sku_fkey=UnknownSku(new.sku),
            stock_warehouse_fkey=UnknownWarehouse(new.warehouse),
        ):
            return cls(**database.rows(_BOOK, asdict(new))[0])

    @classmethod
    def booked(cls, new: NewMovement) -> "Movement | None":
        """The line of the same shelf and kind that has the reference of this new one."""
        row = database.row(_BOOKED, asdict(new))
        return cls(**row) if row else None

    @classmethod
    def listed(cls, wanted: dict[str, str], page: PageRequest) -> list["Movement"]:
        """The lines with these values, newest first, one more than the page has room for."""
        conditions = [f"{column} = %({column})s" for column in FILTERS if column in wanted]
        params: dict[str, Any] = {**wanted, "most": page.limit + 1}
        if page.after:
            conditions.append("id < %(after)s")
            params["after"] = page.after[0]
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = database.rows(
            f"SELECT * FROM stock_movements {where} ORDER BY id DESC LIMIT %(most)s", params
        )
        return [cls(**row) for row in rows]


@dataclass(frozen=True)
class Level:
    """So many units of a SKU are in a warehouse, as somebody found or says."""

    sku: str
    warehouse: str
    quantity: int


@dataclass(frozen=True)
class LockedLevel:
    """What a count must know of a level; the caller's transaction holds its lock."""

    known: bool
    on_hand: int
    reserved: int
    counted: int | None

    @classmethod
    def of_levels(
        cls, levels: Sequence[Level], reference: str
    ) -> dict[tuple[str, str], "LockedLevel"]:
        """What is known of these levels, by SKU and warehouse.

        `known` is whether there is such a SKU; `counted` what this reference found before.
        """
        skus, warehouses = [level.sku for level in levels], [level.warehouse for level in levels]
        database.run(_LOCK_SHELVES, (skus, warehouses))
        rows = database.rows(_LOCKED_SHELVES, (skus, warehouses, reference))
        return {(row.pop("sku"), row.pop("warehouse")): cls(**row) for row in rows}


def count_all(levels: Sequence[Level], reason: str, reference: str, actor: str) -> None:
    """Write a count for each of these levels, in one statement."""
    columns = zip(*((level.sku, level.warehouse, level.quantity) for level in levels), strict=True)
    database.run(_COUNT_ALL, (reason, reference, actor, *(list(column) for column in columns)))


FILTERS = ("sku", "warehouse", "reference", "kind")

_BOOK = """
INSERT INTO stock_movements
    (sku, warehouse, kind, quantity, on_hand_after, reason, reference, actor)
VALUES (%(sku)s, %(warehouse)s, %(kind)s, %(quantity)s, %(counted)s,
    %(reason)s, %(reference)s, %(actor)s)
RETURNING *"""

_BOOKED = """
SELECT * FROM stock_movements WHERE reference = %(reference)s
    AND sku = %(sku)s AND warehouse = %(warehouse)s AND kind = %(kind)s"""

# By SKU, then warehouse: the order in which everybody locks shelves.
_LOCK_SHELVES = """
SELECT FROM stock WHERE (sku, warehouse) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
ORDER BY sku, warehouse FOR NO KEY UPDATE"""

_LOCKED_SHELVES = """
SELECT asked.sku, asked.warehouse, variants.sku IS NOT NULL AS known,
    coalesce(on_hand, 0) AS on_hand, coalesce(reserved, 0) AS reserved, on_hand_after AS counted
FROM (SELECT DISTINCT * FROM unnest(%s::text[], %s::text[])) asked (sku, warehouse)
LEFT JOIN variants USING (sku)
LEFT JOIN stock USING (sku, warehouse)
LEFT JOIN stock_movements movement ON movement.reference = %s AND movement.kind = 'counted'
    AND movement.sku = asked.sku AND movement.warehouse = asked.warehouse"""

_COUNT_ALL = """
INSERT INTO stock_movements (sku, warehouse, kind, on_hand_after, reason, reference, actor)
SELECT sku, warehouse, 'counted', level, %s, %s, %s
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS counted (sku, warehouse, level)
ORDER BY sku, warehouse"""
