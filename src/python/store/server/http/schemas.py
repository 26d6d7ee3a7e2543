"""The shapes that every service's bodies and queries are made of."""

import re
from functools import cache
from typing import Any

import marshmallow
from marshmallow import fields, validate

from store.server.limits import CONTROL_CHARACTER, CONTROL_CHARACTER_BUT_LINES
from store.server.money import CURRENCIES, MAX_AMOUNT

_WHOLE_TEXT = re.compile(r"-?[0-9]{1,19}")
_BIGINT = 2**63 - 1


class Schema(marshmallow.Schema):
    """A shape that refuses what it does not know."""

    class Meta:
        unknown = marshmallow.RAISE


class Text(fields.String):
    """Text without control characters and without blanks around it, `min` to `max` characters.

    `lines=True` lets line feeds and tabs pass.
    """

    def __init__(
        self,
        *,
        min: int = 1,  # noqa: A002
        max: int = 1000,  # noqa: A002
        lines: bool = False,
        validators: tuple[Any, ...] = (),
        **options: Any,
    ) -> None:
        length = validate.Length(min or None, max)
        super().__init__(validate=[length, *validators], **options)
        self._forbidden = CONTROL_CHARACTER_BUT_LINES if lines else CONTROL_CHARACTER

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if self._forbidden.search(text):
            raise marshmallow.ValidationError("Must not contain control characters.")
        return text.strip()


class Whole(fields.Integer):
    """A whole number from `min` to `max`: no booleans, no fractions, no digits in quotes.

    Whatever the bounds, it fits PostgreSQL's bigint.
    """

    def __init__(
        self,
        *,
        min: int | None = None,  # noqa: A002
        max: int | None = None,  # noqa: A002
        **options: Any,
    ) -> None:
        super().__init__(strict=True, validate=validate.Range(min, max), **options)

    def _validated(self, value: Any) -> int:
        if type(value) is not int or not -_BIGINT <= value <= _BIGINT:
            raise self.make_error("invalid", input=value)
        return value


class QueryWhole(Whole):
    """A whole number written in a query string or a header."""

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not _WHOLE_TEXT.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._validated(int(value))


class Currency(Text):
    """An ISO 4217 code in capital letters."""

    def __init__(self, **options: Any) -> None:
        known = validate.OneOf(sorted(CURRENCIES), error="Must be an ISO 4217 currency code.")
        super().__init__(min=3, max=3, validators=(known,), **options)


class MoneySchema(Schema):
    """An amount in minor units (1290 is 12.90 EUR)."""

    amount = Whole(required=True, min=0, max=MAX_AMOUNT)
    currency = Currency(required=True)


class PageArgs(Schema):
    """The query arguments of every list."""

    limit = QueryWhole(load_default=20, min=1, max=100)
    cursor = Text(load_default=None, max=1000)


@cache
def page_schema(item: type[marshmallow.Schema]) -> type[marshmallow.Schema]:
    """The shape of a page of these items."""
    name = item.__name__.removesuffix("Schema").removesuffix("Out") + "Page"
    members: dict[str, fields.Field[Any]] = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
    }
    return Schema.from_dict(members, name=name)
