"""Writing a batch of an import: all good rows in one transaction, each bad one named."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.database.errors import Collision
from store.inventory.imports.changes import Refused, put
from store.inventory.imports.files import BadRow
from store.inventory.imports.rows import Goods
from store.inventory.models.ledger import Level
from store.inventory.models.tables import database
from store.inventory.models.worksheet import Clash, Worksheet
from store.inventory.use_cases.stock import set_levels

REASON = "import"


class Outcome(StrEnum):
    """What became of a good row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


Result = Outcome | BadRow


@dataclass(frozen=True)
class Author:
    """In whose name an import writes, and whether it only tries."""

    actor: str
    dry_run: bool


class LevelsRefused(Exception):
    """Levels that cannot be set, with the reasons; nothing of the batch has been kept."""

    def __init__(self, reasons: Mapping[Level, str]) -> None:
        super().__init__()
        self.reasons = reasons


class NothingKept(Exception):
    """Ends the transaction of a dry run."""


def write_batch(batch: Sequence[Goods], author: Author, reference: str) -> list[Result]:
    """Write these rows, in order, and say what became of each.

    A row that the database or the warehouse refuses costs nobody else: the others are written
    without it. `reference` names the batch in the ledger of the stock.
    """
    try:
        return _without_refused(batch, author, reference)
    except (Clash, Collision):
        return [_alone(goods, author, f"{reference}.{n}") for n, goods in enumerate(batch)]


def _alone(goods: Goods, author: Author, reference: str) -> Result:
    try:
        (result,) = _without_refused([goods], author, reference)
    except (Clash, Collision):
        return BadRow(goods.place, "Was changed by somebody else meanwhile; import it again.")
    return result


def _without_refused(batch: Sequence[Goods], author: Author, reference: str) -> list[Result]:
    refused: dict[Level, str] = {}
    while True:
        try:
            return _write(batch, author, reference, refused)
        except LevelsRefused as error:
            # Ends: every round refuses at least one row more than the round before.
            refused |= error.reasons


def _write(
    batch: Sequence[Goods], author: Author, reference: str, refused: Mapping[Level, str]
) -> list[Result]:
    results: list[Result] = []
    with contextlib.suppress(NothingKept), database.transaction():
        handles = {goods.values["product"] for goods in batch if "product" in goods.values}
        sheet = Worksheet([goods.sku for goods in batch], sorted(handles))
        results = [_put(sheet, goods, refused) for goods in batch]
        sheet.write()
        _set_levels(sheet, author, reference)
        if author.dry_run:
            raise NothingKept
    return results


def _put(sheet: Worksheet, goods: Goods, refused: Mapping[Level, str]) -> Result:
    new = goods.sku not in sheet.by_sku
    try:
        if goods.level is not None and goods.level in refused:
            raise Refused("stock", refused[goods.level])
        changed = put(sheet, goods)
    except Refused as error:
        return BadRow(goods.place, error.reason, goods.called.get(error.column, error.column))
    if new:
        return Outcome.CREATED
    return Outcome.UPDATED if changed else Outcome.UNCHANGED


def _set_levels(sheet: Worksheet, author: Author, reference: str) -> None:
    changed = sheet.changed_levels().items()
    levels = [Level(sku, warehouse, units) for (sku, warehouse), units in changed]
    answers = set_levels(levels, REASON, reference, author.actor) if levels else []
    refused = {level: error.detail for level, error in zip(levels, answers, strict=True) if error}
    if refused:
        raise LevelsRefused(refused)
