"""Stock over HTTP: for staff only."""

from typing import Any
from uuid import UUID

from store.auth.callers import Role
from store.auth.http import current_caller, role_required
from store.inventory.api.stock_schemas import (
    MovementArgs,
    MovementIn,
    MovementOut,
    ReservationOut,
    StockOut,
    WarehouseIn,
    WarehouseOut,
)
from store.inventory.models.ledger import Movement, NewMovement
from store.inventory.models.reservations import Reservation
from store.inventory.models.stock_levels import Warehouse
from store.inventory.reservations.lifecycle import reservation_of
from store.inventory.use_cases.stock import (
    MOVEMENTS,
    WAREHOUSES,
    book_movement,
    movements,
    open_warehouse,
    stock_levels_of,
    warehouses,
)
from store.server.http.blueprint import Blueprint
from store.server.http.pages import Page, page_request
from store.server.http.schemas import PageArgs, page_schema

routes = Blueprint("stock", __name__, url_prefix="/v1", description="Stock and its ledger")


@routes.post("/stock-movements")
@role_required(Role.STAFF)
@routes.arguments(MovementIn)
@routes.response(201, MovementOut)
def book(new: dict[str, Any]) -> Movement:
    """Receive, count, adjust or write off units; the same reference is booked once."""
    return book_movement(NewMovement(**new, actor=str(current_caller().id)))


@routes.get("/stock-movements")
@role_required(Role.STAFF)
@routes.arguments(MovementArgs, location="query")
@routes.response(200, page_schema(MovementOut))
def list_movements(args: dict[str, Any]) -> Page[Movement]:
    """The ledger, newest line first."""
    return movements(args, page_request(MOVEMENTS, args, UUID))


@routes.get("/variants/<sku>/stock")
@role_required(Role.STAFF)
@routes.response(200, StockOut)
def levels(sku: str) -> dict[str, Any]:
    """What there is of a SKU, in all and by warehouse."""
    levels = stock_levels_of(sku)
    return {
        "sku": sku,
        "on_hand": sum(level.on_hand for level in levels),
        "reserved": sum(level.reserved for level in levels),
        "available": sum(level.available for level in levels),
        "warehouses": levels,
    }


@routes.post("/warehouses")
@role_required(Role.STAFF)
@routes.arguments(WarehouseIn)
@routes.response(201, WarehouseOut)
def add_warehouse(new: dict[str, str]) -> Warehouse:
    """Open a warehouse."""
    return open_warehouse(**new)


@routes.get("/warehouses")
@role_required(Role.STAFF)
@routes.arguments(PageArgs, location="query")
@routes.response(200, page_schema(WarehouseOut))
def list_warehouses(args: dict[str, Any]) -> Page[Warehouse]:
    """All warehouses, by code."""
    return warehouses(page_request(WAREHOUSES, args, str))


@routes.get("/reservations/<uuid:order_id>")
@role_required(Role.STAFF)
@routes.response(200, ReservationOut)
def reservation(order_id: UUID) -> Reservation:
    """What is held, sold or given back for an order."""
    return reservation_of(order_id)
