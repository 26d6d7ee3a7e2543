"""Products and variants over HTTP."""

from typing import Any
from uuid import UUID

from flask import Response

from store.auth.callers import Role
from store.auth.http import role_required
from store.inventory.api.answers import staff_asks, to_shopper, to_staff
from store.inventory.api.catalogue_schemas import (
    CurrencyArgs,
    OneVariantOut,
    ProductChange,
    ProductIn,
    ProductOut,
    VariantChange,
    VariantIn,
)
from store.inventory.api.search_schemas import ProductPage, SearchArgs
from store.inventory.errors import StaffOnly
from store.inventory.models.product_query import ProductQuery
from store.inventory.use_cases import catalogue, search
from store.server.http.blueprint import Blueprint
from store.server.http.etags import IF_MATCH, wanted_version

routes = Blueprint("products", __name__, url_prefix="/v1")


@routes.get("/products")
@routes.arguments(SearchArgs(), location="query")
@routes.response(200, ProductPage)
def list_products(asked: dict[str, Any]) -> Response:
    """Search, filter and sort products."""
    query: ProductQuery = asked["query"]
    staff = staff_asks()
    if query.statuses != ("active",) and not staff:
        raise StaffOnly("Only staff see products that are not active.")
    page = search.find_products(query, asked["limit"], asked["cursor"], everything=staff)
    if asked["facets"]:
        page["facets"] = search.facets(query)
    return to_staff(page) if staff else to_shopper(page)


@routes.get("/products/<uuid:product_id>")
@routes.arguments(CurrencyArgs(), location="query")
@routes.response(200, ProductOut)
def get_product(asked: dict[str, Any], product_id: UUID) -> Response:
    """A product with its variants, prices and levels."""
    staff = staff_asks()
    product, version = catalogue.product(product_id, asked.get("currency"), everything=staff)
    return to_staff(product, version) if staff else to_shopper(product)


@routes.post("/products")
@role_required(Role.STAFF)
@routes.arguments(ProductIn)
@routes.response(201, ProductOut)
def create_product(wanted: dict[str, Any]) -> Response:
    """Create a product with its first variants."""
    product, version = catalogue.product(catalogue.create_product(wanted), everything=True)
    return to_staff(product, version, created_at=f"/v1/products/{product['id']}")


@routes.patch("/products/<uuid:product_id>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.arguments(ProductChange)
@routes.response(200, ProductOut)
def change_product(changes: dict[str, Any], product_id: UUID) -> Response:
    """Change a product; If-Match names the version it is meant for."""
    catalogue.change_product(product_id, wanted_version(), changes)
    return to_staff(*catalogue.product(product_id, everything=True))


@routes.delete("/products/<uuid:product_id>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.response(204)
def retire_product(product_id: UUID) -> None:
    """Retire a product: it leaves the shop, and is kept for the orders that name it."""
    catalogue.retire_product(product_id, wanted_version())


@routes.post("/products/<uuid:product_id>/variants")
@role_required(Role.STAFF)
@routes.arguments(VariantIn)
@routes.response(201, OneVariantOut)
def add_variant(wanted: dict[str, Any], product_id: UUID) -> Response:
    """Add a variant to a product."""
    sku = wanted["sku"]
    catalogue.add_variant(product_id, wanted)
    variant, version = catalogue.variant(sku, everything=True)
    return to_staff(variant, version, created_at=f"/v1/variants/{sku}")


@routes.get("/variants/<sku>")
@routes.arguments(CurrencyArgs(), location="query")
@routes.response(200, OneVariantOut)
def get_variant(asked: dict[str, Any], sku: str) -> Response:
    """A variant with its prices and level."""
    staff = staff_asks()
    variant, version = catalogue.variant(sku, asked.get("currency"), everything=staff)
    return to_staff(variant, version) if staff else to_shopper(variant)


@routes.patch("/variants/<sku>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.arguments(VariantChange)
@routes.response(200, OneVariantOut)
def change_variant(changes: dict[str, Any], sku: str) -> Response:
    """Change a variant; If-Match names the version it is meant for."""
    catalogue.change_variant(sku, wanted_version(), changes)
    return to_staff(*catalogue.variant(sku, everything=True))


@routes.delete("/variants/<sku>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.response(204)
def retire_variant(sku: str) -> None:
    """Retire a variant: it leaves the shop, and is kept for the orders that name it."""
    catalogue.retire_variant(sku, wanted_version())
