"""Products and their variants: create, change, retire."""

from typing import Any
from uuid import UUID

from store.inventory.errors import HandleTaken, SkuTaken, UnknownProduct, UnknownSku
from store.inventory.models.catalogue import Category, Price, Product, Variant
from store.inventory.models.listings import shown_products, shown_variant
from store.inventory.models.refusals import refused_as
from store.inventory.models.tables import database

Fields = dict[str, Any]


def product(
    product_id: UUID, currency: str | None = None, *, everything: bool = False
) -> tuple[Fields, int]:
    """A product as the shop shows it, and its version; UnknownProduct. Staff may see `everything`."""
    found = shown_products([product_id], currency, everything=everything)
    if not found:
        raise UnknownProduct(product_id)
    return found[0]


def variant(
    sku: str, currency: str | None = None, *, everything: bool = False
) -> tuple[Fields, int]:
    """A variant as the shop shows it, and its version; UnknownSku. Staff may see `everything`."""
    found = shown_variant(sku, currency, everything=everything)
    if found is None:
        raise UnknownSku(sku)
    return found


def create_product(wanted: Fields) -> UUID:
    """Create a product with its first variants; HandleTaken, SkuTaken, UnknownCategory.

    It is a draft, seen by staff only, unless `status` says otherwise.
    """
    variants = wanted.pop("variants", [])
    with database.transaction():
        with _handle_guarded(wanted):
            created = Product.create(**_columns(wanted))
        for wanted_variant in variants:
            _add_variant(created.id, wanted_variant)
    return UUID(str(created.id))


def change_product(product_id: UUID, version: int, changes: Fields) -> None:
    """Change the product if it is still at this version; StaleVersion, HandleTaken, UnknownCategory."""
    with database.transaction():
        held = Product.held(product_id)
        held.expect(version)
        with _handle_guarded(changes):
            held.change(**_columns(changes))


def retire_product(product_id: UUID, version: int) -> None:
    """Take the product off the shop; it is kept for the orders that name it. StaleVersion."""
    change_product(product_id, version, {"status": "retired"})


def add_variant(product_id: UUID, wanted: Fields) -> None:
    """Add a variant to a product; UnknownProduct, SkuTaken."""
    with database.transaction():
        Product.held(product_id)
        _add_variant(product_id, wanted)


def change_variant(sku: str, version: int, changes: Fields) -> None:
    """Change the variant if it is still at this version; UnknownSku, StaleVersion."""
    with database.transaction():
        # The product first, as everywhere: its search document is written by both.
        Product.held_of(sku)
        held = Variant.held(sku)
        held.expect(version)
        held.change(**changes)


def retire_variant(sku: str, version: int) -> None:
    """Take the variant off the shop; it is kept for the orders that name it. StaleVersion."""
    change_variant(sku, version, {"status": "retired"})


def _add_variant(product_id: UUID, wanted: Fields) -> None:
    prices = wanted.pop("prices", [])
    with refused_as(variants_sku_key=SkuTaken(wanted["sku"])):
        Variant.create(product=product_id, **wanted)
    for price in prices:
        Price.create(sku=wanted["sku"], **price)


def _columns(wanted: Fields) -> Fields:
    path = wanted.get("category")
    if path is None:
        return wanted
    return {**wanted, "category": Category.at(path)}


def _handle_guarded(wanted: Fields) -> Any:
    return refused_as(products_handle_key=HandleTaken(wanted.get("handle") or ""))
