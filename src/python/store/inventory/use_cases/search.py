"""Finding products: a page of those that fit, and what else there is to choose."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zlib import crc32

from store.inventory.models.facets import facets_of
from store.inventory.models.listings import shown_products
from store.inventory.models.product_query import ProductQuery, Sort
from store.inventory.models.search import fitting_products
from store.server.http.pages import decode_cursor, encode_cursor, page_of

MOST_TERMS = 8

_KEYS = {Sort.NEWEST: UUID, Sort.NAME: str}


def terms_of(text: str) -> tuple[str, ...]:
    """The different words somebody typed, in lower case; past the eighth they are not looked at."""
    words = re.findall(r"\w+", text.casefold())
    return tuple(dict.fromkeys(word[:64] for word in words))[:MOST_TERMS]


def find_products(
    query: ProductQuery, limit: int, cursor: str | None, *, everything: bool = False
) -> dict[str, Any]:
    """A page of products that fit, in the order of `query.sort`; BadCursor.

    A page goes on behind the last product of the one before, so products that come and go
    meanwhile make no other product appear twice or be left out.
    """
    kind = _cursor_kind(query)
    after = decode_cursor(kind, cursor, _KEYS.get(query.sort, int), UUID) if cursor else None
    rows = fitting_products(query, limit + 1, after)
    page = page_of(rows, limit, lambda row: encode_cursor(kind, row["key"], row["id"]))
    ids = [row["id"] for row in page.items]
    shown = shown_products(ids, query.currency, everything=everything) if ids else []
    return {"items": [product for product, _ in shown], "next_cursor": page.next_cursor}


def facets(query: ProductQuery) -> Mapping[str, Any]:
    """How many products each further choice would leave: categories, attributes, price ranges.

    The counts of a choice heed all other filters but not those of its own kind, so that somebody who
    chose red still sees how many are blue.
    """
    return facets_of(query)


def _cursor_kind(query: ProductQuery) -> str:
    """The list that a cursor belongs to: where its keys mean the same."""
    words = crc32(" ".join(query.terms).encode())
    match query.sort:
        case Sort.RELEVANCE:
            return f"products-relevance-{words}"
        case Sort.CHEAPEST | Sort.DEAREST:
            return f"products{query.sort}-{query.currency}"
    return f"products-{query.sort}"
