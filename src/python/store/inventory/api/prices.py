"""Prices over HTTP: past, present and to come."""

from typing import Any
from uuid import UUID

from flask import Response

from store.auth.callers import Role
from store.auth.http import role_required
from store.inventory.api.answers import to_staff
from store.inventory.api.catalogue_schemas import PriceEnd, PriceIn, PriceOut
from store.inventory.pricing import prices
from store.server.http.blueprint import Blueprint
from store.server.http.etags import IF_MATCH, wanted_version
from store.server.http.schemas import PageArgs, page_schema

routes = Blueprint("prices", __name__, url_prefix="/v1")


@routes.get("/variants/<sku>/prices")
@role_required(Role.STAFF)
@routes.arguments(PageArgs, location="query")
@routes.response(200, page_schema(PriceOut))
def list_prices(asked: dict[str, Any], sku: str) -> Response:
    """All prices of a SKU, the latest to begin first."""
    return to_staff(prices.history(sku, asked["limit"], asked["cursor"]))


@routes.get("/prices/<uuid:price_id>")
@role_required(Role.STAFF)
@routes.response(200, PriceOut)
def get_price(price_id: UUID) -> Response:
    """A price."""
    return to_staff(*prices.price(price_id))


@routes.post("/variants/<sku>/prices")
@role_required(Role.STAFF)
@routes.arguments(PriceIn)
@routes.response(201, PriceOut)
def set_price(wanted: dict[str, Any], sku: str) -> Response:
    """Set a price from now or a later moment; `replace` lets the one in force give way."""
    price, version = prices.price(prices.set_price(sku, wanted))
    return to_staff(price, version, created_at=f"/v1/prices/{price['id']}")


@routes.patch("/prices/<uuid:price_id>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.arguments(PriceEnd)
@routes.response(200, PriceOut)
def end_price(changes: dict[str, Any], price_id: UUID) -> Response:
    """Let a price end at another moment; If-Match names the version it is meant for."""
    prices.end_price(price_id, wanted_version(), changes["valid_until"])
    return to_staff(*prices.price(price_id))


@routes.delete("/prices/<uuid:price_id>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.response(204)
def drop_price(price_id: UUID) -> None:
    """Forget a price that has not begun yet."""
    prices.drop_price(price_id, wanted_version())
