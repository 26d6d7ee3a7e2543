"""The demo catalogue: loaded once, through the same importer that everybody uses."""

from collections.abc import Sequence
from pathlib import Path

from store.cli.errors import Trouble
from store.devstack.import_client import Import, send
from store.devstack.rest import Rest

CATALOGUE = Path(__file__).parent / "catalogue"
# The importer takes one price and one level a row, so each file goes in once for each warehouse.
PASSES = (
    ({"price": "eur", "stock": "berlin"}, {"currency": "EUR", "warehouse": "berlin"}),
    ({"price": "usd", "stock": "austin"}, {"currency": "USD", "warehouse": "austin"}),
)
LAST_CURRENCY = PASSES[-1][1]["currency"]
"""A row that has a price in it has been through all passes."""


def parts() -> Sequence[Path]:
    """The files of the catalogue, one for each category."""
    return sorted(CATALOGUE.glob("*.csv"))


def load(rest: Rest, inventory_url: str, token: str, part: Path) -> None:
    """Load one file, with prices in euros and dollars and stock in Berlin and Austin."""
    for columns, values in PASSES:
        source = Import(part, "csv", columns, values)
        result = send(rest, inventory_url, token, source, lambda _: None)
        for reject in result.rejects:
            raise Trouble(f"{part.name}, line {reject.line}, {reject.column}: {reject.reason}")
