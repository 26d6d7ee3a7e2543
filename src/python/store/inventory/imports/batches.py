"""Writing a batch of an import: all good rows in one transaction, each bad one named."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.database.errors import Collision
from store.inventory.imports.changes import ChangeRefused, put
from store.inventory.imports.files import BadRow
from store.inventory.imports.rows import ParsedRow
from store.inventory.models.import_batch import Clash, ImportBatch
from store.inventory.models.ledger import Level
from store.inventory.models.tables import database
from store.inventory.use_cases.stock import set_levels

REASON = "import"


class RowOutcome(StrEnum):
    """What became of a good row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


Result = RowOutcome | BadRow


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


def write_batch(rows: Sequence[ParsedRow], author: Author, reference: str) -> list[Result]:
    """Write these rows, in order, and say what became of each.

    A row that the database or the warehouse refuses costs nobody else: the others are written
    without it. `reference` names the batch in the ledger of the stock.
    """
    try:
        return _without_refused(rows, author, reference)
    except (Clash, Collision):
        return [_alone(row, author, f"{reference}.{n}") for n, row in enumerate(rows)]


def _alone(row: ParsedRow, author: Author, reference: str) -> Result:
    try:
        (result,) = _without_refused([row], author, reference)
    except (Clash, Collision):
        return BadRow(row.position, "Was changed by somebody else meanwhile; import it again.")
    return result


def _without_refused(rows: Sequence[ParsedRow], author: Author, reference: str) -> list[Result]:
    refused: dict[Level, str] = {}
    while True:
        try:
            return _write(rows, author, reference, refused)
        except LevelsRefused as error:
            # Ends: every round refuses at least one row more than the round before.
            refused |= error.reasons


def _write(
    rows: Sequence[ParsedRow], author: Author, reference: str, refused: Mapping[Level, str]
) -> list[Result]:
    results: list[Result] = []
    with contextlib.suppress(NothingKept), database.transaction():
        handles = {row.values["product"] for row in rows if "product" in row.values}
        batch = ImportBatch([row.sku for row in rows], sorted(handles))
        results = [_put(batch, row, refused) for row in rows]
        batch.write()
        _set_levels(batch, author, reference)
        if author.dry_run:
            raise NothingKept
    return results


def _put(batch: ImportBatch, row: ParsedRow, refused: Mapping[Level, str]) -> Result:
    new = row.sku not in batch.by_sku
    try:
        if row.level is not None and row.level in refused:
            raise ChangeRefused("stock", refused[row.level])
        changed = put(batch, row)
    except ChangeRefused as error:
        return BadRow(row.position, error.reason, row.called.get(error.column, error.column))
    if new:
        return RowOutcome.CREATED
    return RowOutcome.UPDATED if changed else RowOutcome.UNCHANGED


def _set_levels(batch: ImportBatch, author: Author, reference: str) -> None:
    changed = batch.changed_levels().items()
    levels = [Level(sku, warehouse, units) for (sku, warehouse), units in changed]
    answers = set_levels(levels, REASON, reference, author.actor) if levels else []
    refused = {level: error.detail for level, error in zip(levels, answers, strict=True) if error}
    if refused:
        raise LevelsRefused(refused)
