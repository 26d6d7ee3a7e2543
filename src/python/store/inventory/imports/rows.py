"""From the rows of a file to parsed ones: which column is which, and which rows make sense."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.inventory.imports.columns import (
    ATTRIBUTE,
    is_column,
    minor_units,
    parse_cell,
)
from store.inventory.imports.files import LONGEST_NAME, BadRow, RawRow, RowPosition, is_garbled
from store.inventory.models.ledger import Level
from store.server.errors import Invalid

MOST_IGNORED = 100
MOST_LAYOUTS = 100
LONGEST_LAYOUT = 10_000  # characters

# An empty cell of these is a mistake; of the others it means: leave what is there.
_NEEDED = ("sku", "title", "price")


@dataclass(frozen=True)
class ParsedRow:
    """A row that makes sense: our columns with their values; what is not to change is absent.

    `price` is (currency, minor units), `stock` is (warehouse, units), `category` the (slug, name)
    of each category from the root down, `attributes` a mapping, `image` a list of URLs.
    """

    position: RowPosition
    sku: str
    values: Mapping[str, Any]
    called: Mapping[str, str]
    """What the file calls our columns."""

    @property
    def level(self) -> Level | None:
        """The level that the row sets."""
        if "stock" not in self.values:
            return None
        warehouse, units = self.values["stock"]
        return Level(self.sku, warehouse, units)


@dataclass
class RowParser:
    """How the columns of a file are called (`named`: ours to theirs), and what is the same in all."""

    named: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    _layouts: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    def check(self, columns: Sequence[str]) -> None:
        """Invalid unless a file with these columns holds all that are named, and the SKU."""
        missing = [theirs for theirs in self.named.values() if theirs not in columns]
        if missing:
            raise Invalid("query.map", f"The file has no column {missing[0]}.")
        if "sku" not in self._layout(tuple(columns)):
            raise Invalid("query.map", "No column is the sku; name it: map=sku:...")

    def parse(self, row: RawRow) -> ParsedRow | list[BadRow]:
        """What the row says, or all that is wrong with it."""
        layout = self._layout(tuple(row.cells))
        texts = dict(self.constants)
        for ours, theirs in layout.items():
            if text := row.cells[theirs].strip():
                texts[ours] = text
        values, wrong = _parsed(texts)
        wrong |= {ours: "Is empty." for ours in _needed(layout) if ours not in texts}
        if not wrong:
            wrong = _combine(values)
        if wrong:
            return [
                BadRow(row.position, wrong[ours], layout.get(ours, ours)) for ours in sorted(wrong)
            ]
        return ParsedRow(row.position, values.pop("sku"), values, layout)

    def _layout(self, columns: tuple[str, ...]) -> dict[str, str]:
        """What these columns are to us: our names with theirs."""
        layout = self._layouts.get(columns)
        if layout is None:
            layout = self._read_layout(columns)
            # In NDJSON every row may have columns of its own: remember only some, and small ones.
            if len(self._layouts) < MOST_LAYOUTS and sum(map(len, columns)) < LONGEST_LAYOUT:
                self._layouts[columns] = layout
        return layout

    def _read_layout(self, columns: tuple[str, ...]) -> dict[str, str]:
        layout = {ours: theirs for ours, theirs in self.named.items() if theirs in columns}
        for theirs in columns:
            ours = _ours(theirs)
            if theirs in self.named.values():
                continue
            if is_column(ours) and ours not in self.named and ours not in layout:
                layout[ours] = theirs
            elif theirs and len(self.ignored) < MOST_IGNORED:
                self.ignored.add(theirs[:LONGEST_NAME])
        return layout


def _ours(name: str) -> str:
    """Our name for a column that is called like one of ours, in whatever case."""
    if name.casefold().startswith(ATTRIBUTE):
        return ATTRIBUTE + name[len(ATTRIBUTE) :]
    return name.casefold()


def _needed(layout: Mapping[str, str]) -> list[str]:
    return [ours for ours in _NEEDED if ours == "sku" or ours in layout]


def _parsed(texts: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for ours, text in texts.items():
        try:
            if is_garbled(text):
                raise ValueError("Is not UTF-8.")
            values[ours] = parse_cell(ours, text)
        except ValueError as error:
            wrong[ours] = str(error)
    return values, wrong


def _combine(values: dict[str, Any]) -> dict[str, str]:
    """Put together what belongs together: amount and currency, units and warehouse, attributes."""
    currency, warehouse = values.pop("currency", None), values.pop("warehouse", None)
    attributes = [name for name in values if name.startswith(ATTRIBUTE)]
    if attributes:
        values["attributes"] = {name[len(ATTRIBUTE) :]: values.pop(name) for name in attributes}
    if "stock" in values:
        if warehouse is None:
            return {"warehouse": "Is needed with stock."}
        values["stock"] = (warehouse, values["stock"])
    if "price" in values:
        if currency is None:
            return {"currency": "Is needed with a price."}
        try:
            values["price"] = (currency, minor_units(values["price"], currency))
        except ValueError as error:
            return {"price": str(error)}
    return {}
