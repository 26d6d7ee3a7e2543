"""Products and variants as the shop shows them: plain rows for the hot reads, ready for orjson."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from store.inventory.models.tables import database

Shown = dict[str, Any]

# JSON and ids travel as text: they go into the answer as they are, without being parsed.
_VARIANT = """
    v.sku, v.name, v.status AS variant_status, v.attributes::text AS variant_attributes,
    v.version AS variant_version,
    (SELECT json_agg(json_build_object('amount', c.amount, 'currency', c.currency)
                     ORDER BY c.currency)::text
     FROM current_prices c
     WHERE c.sku = v.sku AND (%(currency)s IS NULL OR c.currency = %(currency)s)) AS prices,
    (SELECT coalesce(sum(s.on_hand - s.reserved), 0)::bigint
     FROM stock s WHERE s.sku = v.sku) AS available
"""

_PRODUCTS = f"""
    SELECT p.id::text, p.handle, p.title, p.description, p.status, p.version, p.created_at, p.updated_at,
        p.attributes::text AS attributes, p.images::text AS images,
        k.id::text AS category_id, k.path AS category_path, k.name AS category_name, {_VARIANT}
    FROM products p
    LEFT JOIN categories k ON k.id = p.category_id
    LEFT JOIN variants v ON v.product_id = p.id AND (%(everything)s OR v.status = 'active')
    WHERE p.id = ANY (%(ids)s::uuid[]) AND (%(everything)s OR p.status = 'active')
    ORDER BY v.id
"""

_ONE_VARIANT = f"""
    SELECT p.id::text AS product_id, p.title, p.status AS product_status, {_VARIANT}
    FROM variants v JOIN products p ON p.id = v.product_id
    WHERE v.sku = %(sku)s
        AND (%(everything)s OR (v.status = 'active' AND p.status = 'active'))
"""


def shown_products(
    ids: Sequence[UUID], currency: str | None = None, *, everything: bool = False
) -> list[tuple[Shown, int]]:
    """These products and their versions, in the order of `ids`; what is gone is left out.

    `currency` leaves out the other prices. `everything` adds what only staff may see.
    """
    values = {"ids": list(ids), "currency": currency, "everything": everything}
    found: dict[str, tuple[Shown, int]] = {}
    for row in database.rows(_PRODUCTS, values):
        if row["id"] not in found:
            found[row["id"]] = _product(row), row["version"]
        if row["sku"] is not None:
            found[row["id"]][0]["variants"].append(_variant(row))
    return [found[key] for key in map(str, ids) if key in found]


def shown_variant(
    sku: str, currency: str | None = None, *, everything: bool = False
) -> tuple[Shown, int] | None:
    """The variant with its product's id and title, and its version; None if there is none to see."""
    values = {"sku": sku, "currency": currency, "everything": everything}
    row = database.row(_ONE_VARIANT, values)
    if row is None:
        return None
    of_product = {name: row[name] for name in ("product_id", "title", "product_status")}
    return of_product | _variant(row), row["variant_version"]


def _product(row: dict[str, Any]) -> Shown:
    return {
        "id": row["id"],
        "handle": row["handle"],
        "title": row["title"],
        "description": row["description"],
        "status": row["status"],
        "category": _category(row),
        "attributes": orjson.Fragment(row["attributes"]),
        "images": orjson.Fragment(row["images"]),
        "variants": [],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _category(row: dict[str, Any]) -> Shown | None:
    if row["category_id"] is None:
        return None
    return {"id": row["category_id"], "path": row["category_path"], "name": row["category_name"]}


def _variant(row: dict[str, Any]) -> Shown:
    return {
        "sku": row["sku"],
        "name": row["name"],
        "status": row["variant_status"],
        "attributes": orjson.Fragment(row["variant_attributes"]),
        "prices": orjson.Fragment(row["prices"] or "[]"),
        "available": row["available"],
    }
