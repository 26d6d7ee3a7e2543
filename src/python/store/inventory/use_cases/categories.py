"""The category tree."""

from typing import Any
from uuid import UUID

from store.inventory.errors import CategoryBelowItself, CategoryExists, CategoryInUse
from store.inventory.limits import MAX_PATH
from store.inventory.models.catalogue import Category
from store.inventory.models.refusals import refused_as
from store.inventory.models.tables import database
from store.server.errors import Invalid
from store.server.http.pages import decode_cursor, encode_cursor, page_of

Fields = dict[str, Any]


def list_categories(limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of the tree by path; BadCursor."""
    after = decode_cursor("categories", cursor, str) if cursor else None
    with database.reading():
        found = Category.after(after[0] if after else "", limit + 1)
    page = page_of(found, limit, lambda last: encode_cursor("categories", last.path))
    return {"items": [_shown(each) for each in page.items], "next_cursor": page.next_cursor}


def category(category_id: UUID) -> tuple[Fields, int]:
    """A category as the shop shows it, and its version; UnknownCategory."""
    with database.reading():
        found = Category.by_id(category_id)
    return _shown(found), found.version


def create_category(wanted: Fields) -> UUID:
    """Create a category; CategoryExists, UnknownCategory (the parent)."""
    exists = CategoryExists(wanted["slug"])
    with (
        database.transaction(),
        refused_as(categories_path_key=exists, categories_path_check=_path_too_long()),
    ):
        return UUID(str(Category.create(**_columns(wanted)).id))


def change_category(category_id: UUID, version: int, changes: Fields) -> None:
    """Rename or move a category with all below it; StaleVersion, CategoryExists, CategoryBelowItself."""
    with database.transaction():
        held = Category.held(category_id)
        held.expect(version)
        with refused_as(
            categories_path_key=CategoryExists(changes.get("slug", held.slug)),
            categories_path_check=_path_too_long(),
            categories_no_circle=CategoryBelowItself(held.path),
        ):
            held.change(**_columns(changes))


def delete_category(category_id: UUID, version: int) -> None:
    """Delete an empty category; CategoryInUse, StaleVersion."""
    with database.transaction():
        held = Category.held(category_id)
        held.expect(version)
        in_use = CategoryInUse(held.path)
        with refused_as(products_category_id_fkey=in_use, categories_parent_id_fkey=in_use):
            held.delete_instance()


def _shown(found: Category) -> Fields:
    return {
        "id": found.id,
        "parent": found.path.rpartition("/")[0] or None,
        "slug": found.slug,
        "path": found.path,
        "name": found.name,
    }


def _path_too_long() -> Invalid:
    return Invalid("slug", f"The path would be longer than {MAX_PATH} characters.")


def _columns(wanted: Fields) -> Fields:
    path = wanted.get("parent")
    return wanted if path is None else {**wanted, "parent": Category.at(path)}
