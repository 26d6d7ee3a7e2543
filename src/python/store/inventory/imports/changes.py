"""What one row of an import makes of the products and variants on a worksheet."""

from collections.abc import Mapping
from typing import Any

from store.inventory.imports.rows import Goods
from store.inventory.models.worksheet import ProductSheet, VariantSheet, Worksheet

MOST_IMAGES = 20
MOST_ATTRIBUTES = 50


class Refused(Exception):
    """A row that does not fit what is there already; `column` is ours."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def put(sheet: Worksheet, goods: Goods) -> bool:
    """Write the row on the sheet; whether that changes anything. Refused leaves the sheet alone."""
    variant = sheet.by_sku.get(goods.sku)
    product = _product_of(sheet, variant, goods)
    images, attributes = _images(product, goods), _attributes(variant, goods)
    if product is None:
        product = sheet.add_product(goods.values.get("product"))
    if variant is None:
        variant = sheet.add_variant(goods.sku, product)
    before = _copy(variant)
    product.images, variant.attributes = images, attributes
    _fill(sheet, product, variant, goods.values)
    return before != _copy(variant)


def _product_of(
    sheet: Worksheet, variant: VariantSheet | None, goods: Goods
) -> ProductSheet | None:
    key = goods.values.get("product")
    if variant is not None:
        if key is not None and variant.product.handle != key:
            raise Refused("product", f"{goods.sku} belongs to another product.")
        return variant.product
    product = sheet.by_handle.get(key) if key is not None else None
    if product is None and "title" not in goods.values:
        raise Refused("title", "Is needed for a new product.")
    return product


def _images(product: ProductSheet | None, goods: Goods) -> list[dict[str, str]]:
    images = list(product.images) if product else []
    known = {image["url"] for image in images}
    added = [url for url in dict.fromkeys(goods.values.get("image", ())) if url not in known]
    images += [{"url": url, "alt": ""} for url in added]
    if added and len(images) > MOST_IMAGES:
        raise Refused("image", f"The product would have more than {MOST_IMAGES} images.")
    return images


def _attributes(variant: VariantSheet | None, goods: Goods) -> dict[str, str]:
    had = variant.attributes if variant else {}
    attributes: dict[str, str] = had | goods.values.get("attributes", {})
    if len(attributes) > max(MOST_ATTRIBUTES, len(had)):
        raise Refused(
            "attributes", f"The variant would have more than {MOST_ATTRIBUTES} attributes."
        )
    return attributes


def _fill(
    sheet: Worksheet, product: ProductSheet, variant: VariantSheet, values: Mapping[str, Any]
) -> None:
    product.title = values.get("title", product.title)
    product.description = values.get("description", product.description)
    variant.name = values.get("variant", variant.name)
    if "category" in values:
        product.category_id = sheet.category_id(values["category"])
    if "price" in values:
        currency, amount = values["price"]
        variant.prices[currency] = amount
    if "stock" in values:
        warehouse, units = values["stock"]
        variant.levels[warehouse] = units


def _copy(variant: VariantSheet) -> tuple[object, ...]:
    product = variant.product
    of_product = (product.title, product.description, product.category_id, product.images)
    of_variant = (variant.name, variant.attributes, dict(variant.prices), dict(variant.levels))
    return (*of_product, *of_variant)
