"""The queries behind the list of products."""

from functools import lru_cache
from typing import Any

from store.inventory.models.product_query import (
    FITS_CATEGORY,
    ProductQuery,
    QueryShape,
    Sort,
    fits_terms,
    fits_variant,
    for_sale,
    with_look_alikes,
)
from store.inventory.models.tables import database

_BY_PRICE = (Sort.CHEAPEST, Sort.DEAREST)
_ASCENDING = (Sort.CHEAPEST, Sort.NAME)


def fitting_products(
    query: ProductQuery, limit: int, after: tuple[Any, ...] | None
) -> list[dict[str, Any]]:
    """The ids of up to `limit` products that fit, each with its sort key, in order.

    `after` is the (key, id) of the product they come after.
    """
    values = {**query.parameters(), "limit": limit}
    if after:
        values |= {"key": after[0], "id": after[1]}
    return database.rows(_listing(QueryShape.of(query), query.sort, after is not None), values)


@lru_cache(maxsize=1000)
def _listing(shape: QueryShape, sort: Sort, onwards: bool) -> str:
    key = _key(shape, sort)
    way, beyond = ("ASC", ">") if sort in _ASCENDING else ("DESC", "<")
    conditions = ["p.status = ANY (%(statuses)s)", *fits_terms(shape)]
    conditions += _by_price(shape) if sort in _BY_PRICE else _by_product(shape)
    if "category" in shape.filters:
        conditions.append(FITS_CATEGORY)
    if onwards:
        conditions.append(f"({key}, p.id) {beyond} (%(key)s, %(id)s)")
        # The first half once more, in a form that an index understands.
        conditions.append(f"{key} {beyond}= %(key)s")
    query = f"""
        SELECT p.id, {key} AS key FROM {_sources(shape, sort)}
        WHERE {" AND ".join(conditions)} ORDER BY {key} {way}, p.id {way} LIMIT %(limit)s
    """
    return with_look_alikes(shape, query)


def _sources(shape: QueryShape, sort: Sort) -> str:
    sources = ["products p"]
    if sort in _BY_PRICE:
        sources = [f"{for_sale(shape)} JOIN products p ON p.id = v.product_id"]
    if shape.terms:
        sources.append("JOIN product_documents d ON d.product_id = p.id")
    if "category" in shape.filters:
        sources.append("JOIN categories k ON k.id = p.category_id")
    return " ".join(sources)


def _by_product(shape: QueryShape) -> list[str]:
    """The product has a variant that fits."""
    if not shape.wants_a_variant:
        return []
    fits = f"v.product_id = p.id AND {fits_variant(shape)}"
    return [f"EXISTS (SELECT FROM {for_sale(shape)} WHERE {fits})"]


def _by_price(shape: QueryShape) -> list[str]:
    """The variant fits, and is the cheapest of its product's that do.

    Said like this, PostgreSQL walks along the prices and stops when the page is full; asked for the
    least price of each product, it would price the whole shop for every page.
    """
    cheaper = f"w.product_id = v.product_id AND {fits_variant(shape, 'w', 'x')}"
    cheaper += " AND (x.amount, w.id) < (c.amount, v.id)"
    cheapest = f"NOT EXISTS (SELECT FROM {for_sale(shape, 'w', 'x')} WHERE {cheaper})"
    return [fits_variant(shape), cheapest]


def _key(shape: QueryShape, sort: Sort) -> str:
    match sort:
        case Sort.RELEVANCE:
            return _rank(shape)
        case Sort.NAME:
            return 'lower(p.title) COLLATE "C"'
        case Sort.NEWEST:
            return "p.id"
    return "c.amount"


def _rank(shape: QueryShape) -> str:
    """Whole words before misspelt ones, titles before descriptions; an integer, so that it pages."""
    terms = range(shape.terms)
    query = " || ".join(f"to_tsquery('catalogue', %(prefix{n})s)" for n in terms)
    alike = " + ".join(f"strict_word_similarity(%(term{n})s, lower(p.title))" for n in terms)
    return f"(1e6 * (ts_rank(d.document, {query}, 1) + ({alike}) / {shape.terms}))::bigint"
