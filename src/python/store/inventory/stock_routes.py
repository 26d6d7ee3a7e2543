"""Stock over HTTP: for staff only."""

from typing import Any
from uuid import UUID

from store.auth.callers import Role
from store.auth.http import current_caller, role_required
from store.inventory.models.ledger import Movement, NewMovement
from store.inventory.models.reservations import Reservation
from store.inventory.models.stock import Warehouse
from store.inventory.reservations import reservation_of
from store.inventory.stock import (
    MOVEMENTS,
    WAREHOUSES,
    book_movement,
    movements,
    open_warehouse,
    shelves_of,
    warehouses,
)
from store.inventory.stock_schemas import (
    MovementArgs,
    MovementIn,
    MovementOut,
    ReservationOut,
    StockOut,
    WarehouseIn,
    WarehouseOut,
)
from store.server.blueprint import Blueprint
from store.server.paging import Page, page_request
from store.server.schemas import PageArgs, page_schema

stock = Blueprint("stock", __name__, url_prefix="/v1", description="Stock and its ledger")


@stock.post("/stock-movements")
@role_required(Role.STAFF)
@stock.arguments(MovementIn)
@stock.response(201, MovementOut)
def book(new: dict[str, Any]) -> Movement:
    """Receive, count, adjust or write off units; the same reference is booked once."""
    return book_movement(NewMovement(**new, actor=str(current_caller().id)))


@stock.get("/stock-movements")
@role_required(Role.STAFF)
@stock.arguments(MovementArgs, location="query")
@stock.response(200, page_schema(MovementOut))
def list_movements(args: dict[str, Any]) -> Page[Movement]:
    """The ledger, newest line first."""
    return movements(args, page_request(MOVEMENTS, args, UUID))


@stock.get("/variants/<sku>/stock")
@role_required(Role.STAFF)
@stock.response(200, StockOut)
def levels(sku: str) -> dict[str, Any]:
    """What there is of a SKU, in all and by warehouse."""
    shelves = shelves_of(sku)
    return {
        "sku": sku,
        "on_hand": sum(shelf.on_hand for shelf in shelves),
        "reserved": sum(shelf.reserved for shelf in shelves),
        "available": sum(shelf.available for shelf in shelves),
        "warehouses": shelves,
    }


@stock.post("/warehouses")
@role_required(Role.STAFF)
@stock.arguments(WarehouseIn)
@stock.response(201, WarehouseOut)
def add_warehouse(new: dict[str, str]) -> Warehouse:
    """Open a warehouse."""
    return open_warehouse(**new)


@stock.get("/warehouses")
@role_required(Role.STAFF)
@stock.arguments(PageArgs, location="query")
@stock.response(200, page_schema(WarehouseOut))
def list_warehouses(args: dict[str, Any]) -> Page[Warehouse]:
    """All warehouses, by code."""
    return warehouses(page_request(WAREHOUSES, args, str))


@stock.get("/reservations/<uuid:order_id>")
@role_required(Role.STAFF)
@stock.response(200, ReservationOut)
def reservation(order_id: UUID) -> Reservation:
    """What is held, sold or given back for an order."""
    return reservation_of(order_id)
