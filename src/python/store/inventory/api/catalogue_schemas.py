"""What is sent and answered about products, variants, categories and prices."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from store.inventory import limits
from store.server.http.schemas import Currency, MoneySchema, Schema, Text, Whole
from store.server.limits import SKU
from store.server.money import MAX_AMOUNT

PRODUCT_STATUSES = ("draft", "active", "retired")
VARIANT_STATUSES = ("active", "retired")

_https = validate.URL(schemes={"https"}, error="Must be an https URL.")
_path = validate.Regexp(f"^{limits.PATH}$", error='Must be a path of slugs such as "kitchen/mugs".')
_slug = validate.Regexp(f"^{limits.SLUG}$", error="Must be a slug.")


def sku_field(**options: Any) -> Text:
    """A SKU: up to 64 letters, digits, dots, underscores and hyphens."""
    form = validate.Regexp(f"^{SKU}$", error=limits.SKU_RULE)
    return Text(validators=(form,), **options)


def category_path(**options: Any) -> Text:
    """The path of a category."""
    return Text(max=limits.MAX_PATH, validators=(_path,), **options)


class Attributes(fields.Dict):
    """Up to 50 attributes, texts by name."""

    def __init__(self, **options: Any) -> None:
        name, value = Text(max=limits.MAX_ATTRIBUTE_NAME), Text(max=limits.MAX_ATTRIBUTE_VALUE)
        few = validate.Length(max=limits.MAX_ATTRIBUTES)
        super().__init__(keys=name, values=value, validate=few, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            raise ValidationError(_by_attribute(error.messages)) from None


def _by_attribute(messages: Any) -> Any:
    """The complaints by attribute, not by its key and its value."""
    if not isinstance(messages, dict):
        return messages
    return {
        name: [why for found in each.values() for why in found] for name, each in messages.items()
    }


class Moment(fields.AwareDateTime):
    """An ISO 8601 time with its offset, in this age; loads in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=None, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not 1970 < moment.year < 9999:
            raise ValidationError("Must be a year from 1971 to 9998.")
        return moment.astimezone(UTC)


class CurrencyArgs(Schema):
    """Which prices to show; all, when left out."""

    currency = Currency()


class ImageSchema(Schema):
    """A picture, kept elsewhere."""

    url = Text(required=True, max=limits.MAX_URL, validators=(_https,))
    alt = Text(min=0, max=200, load_default="")


class VariantIn(Schema):
    """A variant to add to a product."""

    sku = sku_field(required=True)
    name = Text(min=0, max=limits.MAX_VARIANT_NAME)
    attributes = Attributes()
    prices = fields.List(fields.Nested(MoneySchema), validate=validate.Length(max=50))

    @validates_schema
    def one_price_a_currency(self, data: dict[str, Any], **_: object) -> None:
        """At a time, a SKU costs one amount in a currency."""
        currencies = [price["currency"] for price in data.get("prices", [])]
        if len(set(currencies)) < len(currencies):
            raise ValidationError("Must hold each currency once.", "prices")


class VariantChange(Schema):
    """What may change about a variant; its SKU never does."""

    name = Text(min=0, max=limits.MAX_VARIANT_NAME)
    attributes = Attributes()
    status = Text(validators=(validate.OneOf(VARIANT_STATUSES),))


class ProductChange(Schema):
    """What may change about a product."""

    title = Text(max=limits.MAX_TITLE)
    description = Text(min=0, max=limits.MAX_DESCRIPTION, lines=True)
    category = category_path(allow_none=True)
    handle = Text(max=limits.MAX_HANDLE, allow_none=True)
    attributes = Attributes()
    images = fields.List(fields.Nested(ImageSchema), validate=validate.Length(max=20))
    status = Text(validators=(validate.OneOf(PRODUCT_STATUSES),))


class ProductIn(ProductChange):
    """A product to create, with its first variants."""

    title = Text(required=True, max=limits.MAX_TITLE)
    variants = fields.List(fields.Nested(VariantIn), validate=validate.Length(max=100))

    @validates_schema
    def each_sku_once(self, data: dict[str, Any], **_: object) -> None:
        """A SKU is one variant."""
        skus = [variant["sku"] for variant in data.get("variants", [])]
        if len(set(skus)) < len(skus):
            raise ValidationError("Must name each SKU once.", "variants")


class VariantOut(Schema):
    """A variant, what it costs now and how many could be ordered now."""

    sku = fields.String(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True)
    attributes = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    prices = fields.List(fields.Nested(MoneySchema), required=True)
    available = fields.Integer(required=True)


class OneVariantOut(VariantOut):
    """A variant, with the product it belongs to."""

    product_id = fields.UUID(required=True)
    product_status = fields.String(required=True)
    title = fields.String(required=True)


class CategoryRef(Schema):
    """Where a product stands."""

    id = fields.UUID(required=True)
    path = fields.String(required=True)
    name = fields.String(required=True)


class ProductOut(Schema):
    """A product with its variants."""

    id = fields.UUID(required=True)
    handle = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    status = fields.String(required=True)
    category = fields.Nested(CategoryRef, required=True, allow_none=True)
    attributes = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    images = fields.List(fields.Nested(ImageSchema), required=True)
    variants = fields.List(fields.Nested(VariantOut), required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class CategoryChange(Schema):
    """What may change about a category; `parent` is a path, null makes it a root."""

    name = Text(max=limits.MAX_CATEGORY_NAME)
    slug = Text(max=limits.MAX_SLUG, validators=(_slug,))
    parent = category_path(allow_none=True)


class CategoryIn(CategoryChange):
    """A category to create."""

    name = Text(required=True, max=limits.MAX_CATEGORY_NAME)
    slug = Text(required=True, max=limits.MAX_SLUG, validators=(_slug,))


class CategoryOut(Schema):
    """A place in the tree."""

    id = fields.UUID(required=True)
    parent = fields.String(required=True, allow_none=True)
    slug = fields.String(required=True)
    path = fields.String(required=True)
    name = fields.String(required=True)


class PriceIn(Schema):
    """A price from a moment (now) until another (the next scheduled price, or for good)."""

    amount = Whole(required=True, min=0, max=MAX_AMOUNT)
    currency = Currency(required=True)
    valid_from = Moment()
    valid_until = Moment(allow_none=True)
    replace = fields.Boolean(load_default=False)


class PriceEnd(Schema):
    """When a price ends; null for never."""

    valid_until = Moment(required=True, allow_none=True)


class PriceOut(Schema):
    """A price, past, present or to come."""

    id = fields.UUID(required=True)
    sku = fields.String(required=True)
    amount = fields.Integer(required=True)
    currency = fields.String(required=True)
    valid_from = fields.AwareDateTime(required=True)
    valid_until = fields.AwareDateTime(required=True, allow_none=True)
