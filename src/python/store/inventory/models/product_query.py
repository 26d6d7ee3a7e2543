"""What somebody is looking for, and the conditions that it makes in a query.

The text of the SQL depends only on the shape of a product query (which filters it has), so each is
put together once; the values travel as parameters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Sort(StrEnum):
    """The orders a list of products may have."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    NAME = "name"
    CHEAPEST = "price"
    DEAREST = "-price"


@dataclass(frozen=True)
class ProductQuery:
    """What somebody is looking for.

    A variant fits when it has all wanted attributes (one of the values of each), a price within the
    bounds and the wanted stock; a product fits when one of its variants does.
    """

    statuses: tuple[str, ...] = ("active",)
    terms: tuple[str, ...] = ()
    category: str | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    currency: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool | None = None
    sort: Sort = Sort.NEWEST

    def parameters(self) -> dict[str, Any]:
        """The values for the query, by the names that its text uses."""
        values = {
            "statuses": list(self.statuses),
            "category": self.category,
            "currency": self.currency,
            "price_min": self.price_min,
            "price_max": self.price_max,
        }
        values |= {f"term{n}": term for n, term in enumerate(self.terms)}
        values |= {f"prefix{n}": f"{term}:*" for n, term in enumerate(self.terms)}
        for n, (name, wanted) in enumerate(self.attributes):
            values |= {f"attribute{n}": name, f"wanted{n}": list(wanted)}
        return values


@dataclass(frozen=True)
class QueryShape:
    """All that the text of a query depends on."""

    terms: int
    attributes: int
    filters: frozenset[str]
    in_stock: bool | None
    for_sale: bool

    @classmethod
    def of(cls, query: ProductQuery) -> "QueryShape":
        """The shape of the SQL for a product query."""
        optional = ("category", "currency", "price_min", "price_max")
        return cls(
            terms=len(query.terms),
            attributes=len(query.attributes),
            filters=frozenset(name for name in optional if getattr(query, name) is not None),
            in_stock=query.in_stock,
            for_sale=query.statuses == ("active",),
        )

    @property
    def wants_a_variant(self) -> bool:
        """Whether a product needs a fitting variant; staff also see drafts without any."""
        filters = self.filters - {"category"}
        return self.for_sale or bool(filters) or bool(self.attributes) or self.in_stock is not None


LOOK_ALIKE = "SELECT set_config('pg_trgm.strict_word_similarity_threshold', '0.35', true);"
"""Goes before a query with words, in the same statement: how much alike (of 1) a misspelt word is."""

FITS_CATEGORY = "(k.path = %(category)s OR starts_with(k.path, %(category)s || '/'))"

Conditions = Iterator[str]


def fits_terms(shape: QueryShape) -> Conditions:
    """Each term begins a word of the product, or resembles one if no product has a word like that.

    Terms that mean nothing ("the") fit everything: PostgreSQL makes an empty query of them.
    """
    for n in range(shape.terms):
        query = f"to_tsquery('catalogue', %(prefix{n})s)"
        unknown = f"NOT EXISTS (SELECT FROM product_documents WHERE document @@ {query})"
        # PostgreSQL compares no text with NULL, neither row by row nor in an index. With
        # `unknown AND term <<% words` it may compare every product's words before it asks.
        alike = f"CASE WHEN {unknown} THEN %(term{n})s::text END <<%% d.words"
        yield f"(d.document @@ {query} OR {alike} OR numnode({query}) = 0)"


def fits_attribute(n: int, variant: str = "v") -> str:
    """A variant has one of the wanted values of the n-th attribute, or its product has."""
    return f"(p.attributes || {variant}.attributes) ->> %(attribute{n})s = ANY (%(wanted{n})s)"


def fits_bounds(shape: QueryShape, price: str = "c") -> Conditions:
    """The price lies within the bounds."""
    if "price_min" in shape.filters:
        yield f"{price}.amount >= %(price_min)s"
    if "price_max" in shape.filters:
        yield f"{price}.amount <= %(price_max)s"


def fits_stock(shape: QueryShape, variant: str = "v") -> Conditions:
    """The variant has the wanted stock."""
    if shape.in_stock is not None:
        free = f"SELECT FROM stock s WHERE s.sku = {variant}.sku AND s.on_hand > s.reserved"
        yield f"{'' if shape.in_stock else 'NOT '}EXISTS ({free})"


def for_sale(shape: QueryShape, variant: str = "v", price: str = "c") -> str:
    """A variant that fits, and its price if there is a currency: FROM and JOIN without WHERE."""
    if "currency" not in shape.filters:
        return f"variants {variant}"
    at = f"{price}.sku = {variant}.sku AND {price}.currency = %(currency)s"
    return f"variants {variant} JOIN current_prices {price} ON {at}"


def fits_variant(shape: QueryShape, variant: str = "v", price: str = "c") -> str:
    """All that a variant must fulfil."""
    conditions = [f"{variant}.status = 'active'", *fits_stock(shape, variant)]
    conditions += fits_bounds(shape, price)
    conditions += [fits_attribute(n, variant) for n in range(shape.attributes)]
    return " AND ".join(conditions)


def with_look_alikes(shape: QueryShape, query: str) -> str:
    """The query, with how much alike words must be if there are any."""
    return f"{LOOK_ALIKE} {query}" if shape.terms else query
