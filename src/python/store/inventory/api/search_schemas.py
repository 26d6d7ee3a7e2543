"""How a list of products is asked for."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from store.inventory import limits
from store.inventory.api.catalogue_schemas import PRODUCT_STATUSES, ProductOut, category_path
from store.inventory.models.product_query import ProductQuery, Sort
from store.inventory.use_cases.search import terms_of
from store.server.http.schemas import Currency, PageArgs, QueryWhole, Schema, Text
from store.server.money import MAX_AMOUNT

_PAIR = limits.MAX_ATTRIBUTE_NAME + len(":") + limits.MAX_ATTRIBUTE_VALUE
_pair = validate.Regexp(r"^[^:]+:.+$", error='Must be "name:value".')


class SearchArgs(PageArgs):
    """Filters and order of a list of products; loads as {query, limit, cursor, facets}."""

    q = Text(max=200, metadata={"description": "Words; misspelt ones are understood."})
    category = category_path(metadata={"description": "The path of a category, with all below it."})
    attribute = fields.List(
        Text(max=_PAIR, validators=(_pair,)),
        validate=validate.Length(max=20),
        metadata={"description": '"name:value"; repeat it for other values or more attributes.'},
    )
    currency = Currency(metadata={"description": "Only what can be bought in it, with its prices."})
    price_min = QueryWhole(min=0, max=MAX_AMOUNT)
    price_max = QueryWhole(min=0, max=MAX_AMOUNT)
    in_stock = fields.Boolean()
    status = Text(
        load_default="active",
        validators=(validate.OneOf((*PRODUCT_STATUSES, "any")),),
        metadata={"description": "Anything but active is for staff."},
    )
    sort = fields.Enum(Sort, by_value=True)
    facets = fields.Boolean(load_default=False)

    @validates_schema
    def makes_sense(self, data: dict[str, Any], **_: object) -> None:
        """Amounts need a currency, relevance needs words."""
        sort = data.get("sort")
        by_price = sort in (Sort.CHEAPEST, Sort.DEAREST)
        if "currency" not in data and (by_price or data.keys() & {"price_min", "price_max"}):
            raise ValidationError("Is needed to compare prices.", "currency")
        if "q" in data and not terms_of(data["q"]):
            raise ValidationError("Must hold a letter or a digit.", "q")
        if sort == Sort.RELEVANCE and "q" not in data:
            raise ValidationError("Is needed to sort by relevance.", "q")

    @post_load
    def as_query(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """The filters as one ProductQuery."""
        status = data["status"]
        plain = ("category", "currency", "price_min", "price_max", "in_stock")
        query = ProductQuery(
            statuses=PRODUCT_STATUSES if status == "any" else (status,),
            terms=terms_of(data.get("q", "")),
            attributes=_by_name(data.get("attribute", [])),
            sort=data.get("sort", Sort.RELEVANCE if "q" in data else Sort.NEWEST),
            **{name: data.get(name) for name in plain},
        )
        return {"query": query} | {name: data[name] for name in ("limit", "cursor", "facets")}


def _by_name(pairs: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    wanted: dict[str, dict[str, None]] = {}
    for pair in pairs:
        name, _, value = pair.partition(":")
        wanted.setdefault(name, {})[value] = None
    return tuple((name, tuple(values)) for name, values in wanted.items())


class CategoryFacet(Schema):
    """How many fitting products stand in a category or below it."""

    path = fields.String(required=True)
    name = fields.String(required=True)
    count = fields.Integer(required=True)


class ValueFacet(Schema):
    """How many fitting products have this value of an attribute."""

    value = fields.String(required=True)
    count = fields.Integer(required=True)


class PriceFacet(Schema):
    """How many fitting products cost at least `from` and less than `below` (null: no bound)."""

    count = fields.Integer(required=True)
    below = fields.Integer(required=True, allow_none=True)

    class Meta:
        include = {"from": fields.Integer(required=True)}


class Facets(Schema):
    """How many products each further choice would leave."""

    categories = fields.List(fields.Nested(CategoryFacet), required=True)
    attributes = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Nested(ValueFacet)), required=True
    )
    prices = fields.List(fields.Nested(PriceFacet), required=True)


class ProductPage(Schema):
    """Some products, and the cursor of the next ones."""

    items = fields.List(fields.Nested(ProductOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    facets = fields.Nested(Facets, metadata={"description": "Only when asked for."})
