"""Receive, count and correct stock; open warehouses; see levels and the ledger."""

from collections.abc import Sequence

from store.inventory.errors import AlreadyBooked, UnitsReserved, UnknownSku, WarehouseExists
from store.inventory.models.ledger import Level, LockedLevel, Movement, NewMovement, count_all
from store.inventory.models.stock_levels import StockLevel, Warehouse
from store.inventory.models.tables import database
from store.server.errors import StoreError
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of

MOVEMENTS = "stock-movements"
WAREHOUSES = "warehouses"


def book_movement(new: NewMovement) -> Movement:
    """Book what came, went or was counted; the line of the ledger.

    A reference is booked once for a SKU, a warehouse and a kind: repeating the movement answers
    the first line, another quantity under the same reference is AlreadyBooked. Raises
    UnitsReserved, UnknownSku, UnknownWarehouse, too.
    """
    try:
        return Movement.book(new)
    except AlreadyBooked:
        earlier = Movement.booked(new)
        if earlier is None or not earlier.says(new):
            raise
        return earlier


def movements(wanted: dict[str, str], page: PageRequest) -> Page[Movement]:
    """The ledger's lines with these values (sku, warehouse, reference, kind), newest first."""
    found = Movement.listed(wanted, page)
    return page_of(found, page.limit, lambda line: encode_cursor(MOVEMENTS, line.id))


def stock_levels_of(sku: str) -> list[StockLevel]:
    """What each warehouse has of a SKU, or UnknownSku."""
    levels = StockLevel.of_sku(sku)
    if levels is None:
        raise UnknownSku(sku)
    return levels


def open_warehouse(code: str, name: str) -> Warehouse:
    """A new warehouse, or WarehouseExists."""
    warehouse = Warehouse.open(code, name)
    if warehouse is None:
        raise WarehouseExists(code)
    return warehouse


def warehouses(page: PageRequest) -> Page[Warehouse]:
    """All warehouses by code."""
    found = Warehouse.listed(page)
    return page_of(found, page.limit, lambda each: encode_cursor(WAREHOUSES, each.code))


def set_level(
    sku: str, warehouse: str, quantity: int, reason: str, reference: str, actor: str
) -> None:
    """Book a count of one shelf; raises what `set_levels` would answer."""
    level = Level(sku, warehouse, quantity)
    (refusal,) = set_levels([level], reason, reference, actor)
    if refusal:
        raise refusal


def set_levels(
    levels: Sequence[Level], reason: str, reference: str, actor: str
) -> list[StoreError | None]:
    """Book counts of many shelves in one transaction; opens warehouses that are missing.

    Answers for each level None, or why it was left out: UnknownSku, UnitsReserved, AlreadyBooked
    (this reference has counted the shelf, and found another level). Repeating it changes nothing.
    Shelves stay locked until the transaction ends: inside a longer one, make it the last step, and
    make it once.
    """
    with database.transaction():
        Warehouse.make_sure_of([level.warehouse for level in levels])
        locked = LockedLevel.of_levels(levels, reference)
        found: dict[tuple[str, str], Level] = {}
        refusals = [_refusal(level, locked, found, reference) for level in levels]
        if found:
            count_all(list(found.values()), reason, reference, actor)
    return refusals


def _refusal(
    level: Level,
    locked: dict[tuple[str, str], LockedLevel],
    found: dict[tuple[str, str], Level],
    reference: str,
) -> StoreError | None:
    """Why a level cannot be set; if it can and has to be, it joins those `found`."""
    position = (level.sku, level.warehouse)
    now = locked[position]
    counted = found[position].quantity if position in found else now.counted
    if not now.known:
        return UnknownSku(level.sku)
    if counted is not None:
        return AlreadyBooked(reference, level.sku) if counted != level.quantity else None
    if level.quantity < now.reserved:
        return UnitsReserved(level.sku, level.warehouse)
    found[position] = level
    return None
