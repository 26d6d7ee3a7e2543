"""The category tree over HTTP."""

from typing import Any
from uuid import UUID

from flask import Response

from store.auth.callers import Role
from store.auth.http import role_required
from store.inventory.api.answers import staff_asks, to_shopper, to_staff
from store.inventory.api.catalogue_schemas import CategoryChange, CategoryIn, CategoryOut
from store.inventory.use_cases import categories
from store.server.http.blueprint import Blueprint
from store.server.http.etags import IF_MATCH, wanted_version
from store.server.http.schemas import PageArgs, page_schema

routes = Blueprint("categories", __name__, url_prefix="/v1")


@routes.get("/categories")
@routes.arguments(PageArgs, location="query")
@routes.response(200, page_schema(CategoryOut))
def list_categories(asked: dict[str, Any]) -> Response:
    """All categories by path: each comes after the one it is in."""
    staff = staff_asks()
    page = categories.list_categories(asked["limit"], asked["cursor"])
    return to_staff(page) if staff else to_shopper(page)


@routes.get("/categories/<uuid:category_id>")
@routes.response(200, CategoryOut)
def get_category(category_id: UUID) -> Response:
    """A category."""
    staff = staff_asks()
    category, version = categories.category(category_id)
    return to_staff(category, version) if staff else to_shopper(category)


@routes.post("/categories")
@role_required(Role.STAFF)
@routes.arguments(CategoryIn)
@routes.response(201, CategoryOut)
def create_category(wanted: dict[str, Any]) -> Response:
    """Create a category."""
    category, version = categories.category(categories.create_category(wanted))
    return to_staff(category, version, created_at=f"/v1/categories/{category['id']}")


@routes.patch("/categories/<uuid:category_id>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.arguments(CategoryChange)
@routes.response(200, CategoryOut)
def change_category(changes: dict[str, Any], category_id: UUID) -> Response:
    """Rename or move a category, with all below it; If-Match names the version it is meant for."""
    categories.change_category(category_id, wanted_version(), changes)
    return to_staff(*categories.category(category_id))


@routes.delete("/categories/<uuid:category_id>")
@role_required(Role.STAFF)
@routes.doc(**IF_MATCH)
@routes.response(204)
def delete_category(category_id: UUID) -> None:
    """Delete a category that holds nothing."""
    categories.delete_category(category_id, wanted_version())
