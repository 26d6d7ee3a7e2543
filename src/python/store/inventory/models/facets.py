"""How many products each further choice would leave."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from store.inventory.models.product_query import (
    FITS_CATEGORY,
    ProductQuery,
    QueryShape,
    fits_attribute,
    fits_bounds,
    fits_stock,
    fits_terms,
    for_sale,
    with_look_alikes,
)
from store.inventory.models.tables import database

# Every variant that fits the words, the status and the stock, with the names of the other filters
# that it misses. What counts for a facet misses nothing, or only the filter of that facet.
_OFFERS = """
    offers AS MATERIALIZED (
        SELECT p.id AS product_id, p.category_id, p.attributes || v.attributes AS attributes,
            {amount} AS amount, array_remove(ARRAY[{misses}]::text[], NULL) AS misses
        FROM {sources}
        WHERE {conditions}
    )
"""

# DISTINCT inside, count(*) outside: count(DISTINCT ...) would sort where this hashes.
_CATEGORIES = """
    SELECT 'category' AS facet, above.path AS name, above.name AS value, sum(here.products) AS products
    FROM (SELECT path, count(*) AS products
          FROM (SELECT DISTINCT product_id, category_id FROM offers WHERE misses <@ '{category}') found
          JOIN categories ON id = category_id GROUP BY path) here
    JOIN categories above ON above.path = here.path OR starts_with(here.path, above.path || '/')
    GROUP BY above.path, above.name
"""

_ATTRIBUTES = """
    (SELECT 'attribute', key, value, count(*)
     FROM (SELECT DISTINCT product_id, key, value
           FROM offers CROSS JOIN LATERAL jsonb_each_text(attributes)
           WHERE misses <@ ARRAY['attribute:' || key]) found
     GROUP BY key, value ORDER BY 4 DESC, 2, 3 LIMIT 500)
"""

_PRICES = """
    SELECT 'price', bucket::text, '', count(*)
    FROM (SELECT DISTINCT product_id, width_bucket(amount, %(bounds)s::bigint[]) AS bucket
          FROM offers WHERE misses <@ '{price}') found
    GROUP BY bucket
"""

# 0, 1, 2, 5, 10, 20, 50, ... up to the largest amount there is.
_BOUNDS = [0, *(step * 10**power for power in range(8) for step in (1, 2, 5))]


def facets_of(query: ProductQuery) -> dict[str, Any]:
    """Categories, attribute values and price ranges (if there is a currency) with product counts."""
    values = query.parameters() | {"bounds": _BOUNDS}
    values |= {f"miss{n}": f"attribute:{name}" for n, (name, _) in enumerate(query.attributes)}
    facets: dict[str, Any] = {"categories": [], "attributes": {}, "prices": []}
    for row in database.rows(_counting(QueryShape.of(query)), values):
        _add(facets, row)
    facets["categories"].sort(key=lambda category: category["path"])
    facets["prices"].sort(key=lambda bucket: bucket["from"])
    return facets


def _add(facets: dict[str, Any], row: Mapping[str, Any]) -> None:
    count = int(row["products"])
    match row["facet"]:
        case "category":
            category = {"path": row["name"], "name": row["value"], "count": count}
            facets["categories"].append(category)
        case "attribute":
            values = facets["attributes"].setdefault(row["name"], [])
            values.append({"value": row["value"], "count": count})
        case "price":
            least, below = _RANGES[int(row["name"]) - 1]
            facets["prices"].append({"from": least, "below": below, "count": count})


_RANGES = [*pairwise(_BOUNDS), (_BOUNDS[-1], None)]


@lru_cache(maxsize=1000)
def _counting(shape: QueryShape) -> str:
    with_price = "currency" in shape.filters
    offers = _OFFERS.format(
        amount="c.amount" if with_price else "NULL::bigint",
        misses=", ".join(_misses(shape)),
        sources=_sources(shape),
        conditions=" AND ".join(_conditions(shape)),
    )
    facets = [_CATEGORIES, _ATTRIBUTES, *([_PRICES] if with_price else [])]
    return with_look_alikes(shape, f"WITH {offers} {' UNION ALL '.join(facets)}")


def _sources(shape: QueryShape) -> str:
    sources = [f"{for_sale(shape)} JOIN products p ON p.id = v.product_id"]
    if shape.terms:
        sources.append("JOIN product_documents d ON d.product_id = p.id")
    if "category" in shape.filters:
        sources.append("LEFT JOIN categories k ON k.id = p.category_id")
    return " ".join(sources)


def _conditions(shape: QueryShape) -> Iterator[str]:
    yield "p.status = ANY (%(statuses)s) AND v.status = 'active'"
    yield from fits_terms(shape)
    yield from fits_stock(shape)


def _misses(shape: QueryShape) -> Iterator[str]:
    if "category" in shape.filters:
        yield _unless(FITS_CATEGORY, "'category'")
    if bounds := " AND ".join(fits_bounds(shape)):
        yield _unless(bounds, "'price'")
    for n in range(shape.attributes):
        yield _unless(fits_attribute(n), f"%(miss{n})s")


def _unless(condition: str, name: str) -> str:
    return f"CASE WHEN ({condition}) IS NOT TRUE THEN {name} END"
