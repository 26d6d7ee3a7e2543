"""What one row of an import makes of the products and variants of a batch."""

from collections.abc import Mapping
from typing import Any

from store.inventory.imports.rows import ParsedRow
from store.inventory.models.import_batch import BatchProduct, BatchVariant, ImportBatch

MOST_IMAGES = 20
MOST_ATTRIBUTES = 50


class ChangeRefused(Exception):
    """A row that does not fit what is there already; `column` is ours."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def put(batch: ImportBatch, row: ParsedRow) -> bool:
    """Put the row into the batch; whether that changes anything. ChangeRefused leaves the batch alone."""
    variant = batch.by_sku.get(row.sku)
    product = _product_of(batch, variant, row)
    images, attributes = _images(product, row), _attributes(variant, row)
    if product is None:
        product = batch.add_product(row.values.get("product"))
    if variant is None:
        variant = batch.add_variant(row.sku, product)
    before = _copy(variant)
    product.images, variant.attributes = images, attributes
    _fill(batch, product, variant, row.values)
    return before != _copy(variant)


def _product_of(
    batch: ImportBatch, variant: BatchVariant | None, row: ParsedRow
) -> BatchProduct | None:
    key = row.values.get("product")
    if variant is not None:
        if key is not None and variant.product.handle != key:
            raise ChangeRefused("product", f"{row.sku} belongs to another product.")
        return variant.product
    product = batch.by_handle.get(key) if key is not None else None
    if product is None and "title" not in row.values:
        raise ChangeRefused("title", "Is needed for a new product.")
    return product


def _images(product: BatchProduct | None, row: ParsedRow) -> list[dict[str, str]]:
    images = list(product.images) if product else []
    known = {image["url"] for image in images}
    added = [url for url in dict.fromkeys(row.values.get("image", ())) if url not in known]
    images += [{"url": url, "alt": ""} for url in added]
    if added and len(images) > MOST_IMAGES:
        raise ChangeRefused("image", f"The product would have more than {MOST_IMAGES} images.")
    return images


def _attributes(variant: BatchVariant | None, row: ParsedRow) -> dict[str, str]:
    had = variant.attributes if variant else {}
    attributes: dict[str, str] = had | row.values.get("attributes", {})
    if len(attributes) > max(MOST_ATTRIBUTES, len(had)):
        raise ChangeRefused(
            "attributes", f"The variant would have more than {MOST_ATTRIBUTES} attributes."
        )
    return attributes


def _fill(
    batch: ImportBatch, product: BatchProduct, variant: BatchVariant, values: Mapping[str, Any]
) -> None:
    product.title = values.get("title", product.title)
    product.description = values.get("description", product.description)
    variant.name = values.get("variant", variant.name)
    if "category" in values:
        product.category_id = batch.category_id(values["category"])
    if "price" in values:
        currency, amount = values["price"]
        variant.prices[currency] = amount
    if "stock" in values:
        warehouse, units = values["stock"]
        variant.levels[warehouse] = units


def _copy(variant: BatchVariant) -> tuple[object, ...]:
    product = variant.product
    of_product = (product.title, product.description, product.category_id, product.images)
    of_variant = (variant.name, variant.attributes, dict(variant.prices), dict(variant.levels))
    return (*of_product, *of_variant)
