"""The query behind the list of products.

Its text depends only on which filters are used and by what the list is sorted, so each combination
is put together once; the values travel as parameters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from store.inventory.models.tables import database


class Sort(StrEnum):
    """The orders a list of products may have."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    NAME = "name"
    CHEAPEST = "price"
    DEAREST = "-price"


@dataclass(frozen=True)
class Wish:
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
class Shape:
    """All that the text of a query depends on."""

    terms: int
    attributes: int
    filters: frozenset[str]
    in_stock: bool | None
    for_sale: bool

    @classmethod
    def of(cls, wish: Wish) -> "Shape":
        """The shape of the query for a wish."""
        optional = ("category", "currency", "price_min", "price_max")
        return cls(
            terms=len(wish.terms),
            attributes=len(wish.attributes),
            filters=frozenset(name for name in optional if getattr(wish, name) is not None),
            in_stock=wish.in_stock,
            for_sale=wish.statuses == ("active",),
        )

    @property
    def wants_a_variant(self) -> bool:
        """Whether a product needs a fitting variant; staff also see drafts without any."""
        filters = self.filters - {"category"}
        return self.for_sale or bool(filters) or bool(self.attributes) or self.in_stock is not None


FITS_CATEGORY = "(k.path = %(category)s OR starts_with(k.path, %(category)s || '/'))"
IS_IN_STOCK = "EXISTS (SELECT FROM stock s WHERE s.sku = v.sku AND s.on_hand > s.reserved)"
PRICE = "JOIN current_prices c ON c.sku = v.sku AND c.currency = %(currency)s"
BOUNDS = {"price_min": "c.amount >= %(price_min)s", "price_max": "c.amount <= %(price_max)s"}


def fits_attribute(n: int) -> str:
    """A variant has one of the wanted values of the n-th attribute, or its product has."""
    return f"(p.attributes || v.attributes) ->> %(attribute{n})s = ANY (%(wanted{n})s)"


def fits_stock(in_stock: bool | None) -> Iterator[str]:
    """The variant has the wanted stock."""
    if in_stock is not None:
        yield IS_IN_STOCK if in_stock else f"NOT {IS_IN_STOCK}"


def fits_terms(terms: int) -> Iterator[str]:
    """Each term begins a word of the product, resembles one, or means nothing ("the")."""
    for n in range(terms):
        query = f"to_tsquery('catalogue', %(prefix{n})s)"
        yield f"(d.document @@ {query} OR %(term{n})s <<%% d.words OR numnode({query}) = 0)"


def joins(shape: Shape) -> Iterator[str]:
    """What a product is joined with besides its variants."""
    if shape.terms:
        yield "JOIN product_documents d ON d.product_id = p.id"
    if "category" in shape.filters:
        yield "JOIN categories k ON k.id = p.category_id"


def _variant_fits(shape: Shape) -> str:
    price = PRICE if "currency" in shape.filters else ""
    conditions = ["v.product_id = p.id", "v.status = 'active'", *fits_stock(shape.in_stock)]
    conditions += [BOUNDS[name] for name in sorted(shape.filters & BOUNDS.keys())]
    conditions += [fits_attribute(n) for n in range(shape.attributes)]
    return f"FROM variants v {price} WHERE {' AND '.join(conditions)}"


def _rank(shape: Shape) -> str:
    """Whole words before misspelt ones, titles before descriptions; an integer, so that it pages."""
    terms = range(shape.terms)
    query = " || ".join(f"to_tsquery('catalogue', %(prefix{n})s)" for n in terms)
    alike = " + ".join(f"strict_word_similarity(%(term{n})s, lower(p.title))" for n in terms)
    return f"(1e6 * (ts_rank(d.document, {query}, 1) + ({alike}) / {shape.terms}))::bigint"


def _key(shape: Shape, sort: Sort) -> str:
    match sort:
        case Sort.RELEVANCE:
            return _rank(shape)
        case Sort.NAME:
            return 'lower(p.title) COLLATE "C"'
        case Sort.NEWEST:
            return "p.id"
    return "o.amount"


@lru_cache(maxsize=1000)
def _listing(shape: Shape, sort: Sort, onwards: bool) -> str:
    conditions = ["p.status = ANY (%(statuses)s)", *fits_terms(shape.terms)]
    offers = ""
    if "category" in shape.filters:
        conditions.append(FITS_CATEGORY)
    if sort in (Sort.CHEAPEST, Sort.DEAREST):
        cheapest = f"SELECT min(c.amount) AS amount {_variant_fits(shape)}"
        offers = f"JOIN LATERAL ({cheapest}) o ON o.amount IS NOT NULL"
    elif shape.wants_a_variant:
        conditions.append(f"EXISTS (SELECT {_variant_fits(shape)})")
    key, ascending = _key(shape, sort), sort in (Sort.NAME, Sort.CHEAPEST)
    if onwards:
        conditions.append(f"({key}, p.id) {'>' if ascending else '<'} (%(key)s, %(id)s)")
    way = "ASC" if ascending else "DESC"
    return f"""
        SELECT p.id, {key} AS key
        FROM products p {" ".join(joins(shape))} {offers}
        WHERE {" AND ".join(conditions)}
        ORDER BY {key} {way}, p.id {way} LIMIT %(limit)s
    """


def fitting_products(wish: Wish, limit: int, after: tuple[Any, ...] | None) -> list[dict[str, Any]]:
    """The ids of up to `limit` products that fit, each with its sort key, in order.

    `after` is the (key, id) of the product they come after.
    """
    values = {**wish.parameters(), "limit": limit}
    if after:
        values |= {"key": after[0], "id": after[1]}
    return database.rows(_listing(Shape.of(wish), wish.sort, after is not None), values)
