"""How an import is asked for."""

import csv
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from store.inventory.imports.columns import is_column, parse_cell
from store.inventory.imports.rows import RowParser
from store.server.http.schemas import Schema, Text


class Pairs(fields.List[str]):
    """column:value pairs, separated by commas; a pair with a comma is quoted as in CSV."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Text(max=4000), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        texts: Any = super()._deserialize(value, attr, data, **kwargs)
        pairs: dict[str, str] = {}
        for pair in _split(texts):
            column, colon, rest = pair.partition(":")
            column, rest = column.strip(), rest.strip()
            if not colon or not rest:
                raise ValidationError(f'"{pair}" must be "column:value".')
            if not is_column(column):
                raise ValidationError(f'We have no column "{column}".')
            if column in pairs:
                raise ValidationError(f'"{column}" must come once.')
            pairs[column] = rest
        return pairs


def _split(texts: list[str]) -> list[str]:
    try:
        return [pair for row in csv.reader(texts, strict=True) for pair in row]
    except csv.Error as error:
        raise ValidationError(f"Cannot be read: {error}.") from None


class ImportArgs(Schema):
    """The query of an import; loads as {format, dry_run, parser}."""

    format = Text(required=True, validators=(validate.OneOf(("csv", "ndjson")),))
    dry_run = fields.Boolean(load_default=False)
    map = Pairs(metadata={"description": "our column:column of the file, ..."})
    set = Pairs(metadata={"description": "our column:value of every row that has none, ..."})

    @post_load
    def with_reading(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """What the file's columns are to us."""
        named, constants = data.pop("map", {}), data.pop("set", {})
        if len(set_of := list(named.values())) > len({*set_of}):
            raise ValidationError("Must name a column of the file once.", "map")
        for column, text in constants.items():
            _check(column, text)
        return {**data, "parser": RowParser(named, constants)}


def _check(column: str, text: str) -> None:
    try:
        parse_cell(column, text)
    except ValueError as error:
        raise ValidationError(f"{column}: {error}", "set") from None
