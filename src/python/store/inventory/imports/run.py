"""Bulk import: rows in, lines of progress, errors and a summary out; in constant memory."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from store.inventory.imports.batches import Author, RowOutcome, write_batch
from store.inventory.imports.files import BadRow, CsvFile, NdjsonFile, RawRow
from store.inventory.imports.rows import ParsedRow, RowParser
from store.inventory.metrics import IMPORT_OUTCOMES, IMPORT_ROWS
from store.server.errors import StoreError, Unavailable
from store.server.ids import new_id
from store.server.process.lifecycle import stopping

BATCH = 500
MOST_ERRORS = 10_000

Line = dict[str, Any]

_log = logging.getLogger(__name__)


class ImportInterrupted(Unavailable):
    """The process is about to stop; what was written so far is kept."""

    code = "stopping"


@dataclass
class ImportSummary:
    """What has become of the rows so far."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[BadRow] = field(default_factory=list)
    errors_left_out: int = 0

    def counts(self) -> Line:
        """The numbers of every progress line."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
        }

    def good(self, outcome: RowOutcome) -> None:
        """A row was written, or had nothing new."""
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)

    def bad(self, complaints: list[BadRow]) -> None:
        """A row was refused for these reasons."""
        self.rejected += 1
        room = MOST_ERRORS - len(self.errors)
        self.errors += complaints[:room]
        self.errors_left_out += len(complaints[room:]) if room < len(complaints) else 0


def run_import(file: CsvFile | NdjsonFile, parser: RowParser, author: Author) -> Iterator[Line]:
    """Import the file; the lines of the answer, as api/imports.py describes them.

    Errors are held back until the file has been read: a client that sends first and reads later
    would otherwise fill the connection with them, and both sides would wait for each other.
    """
    summary = ImportSummary()
    try:
        yield from _batches(file, parser, author, summary)
        end: Line = {"type": "summary", **summary.counts(), "dry_run": author.dry_run}
        end |= {"ignored_columns": sorted(parser.ignored)}
    except StoreError as error:
        _log.warning("an import broke off after %s rows: %s", summary.rows, error.code)
        end = {"type": "failed", "code": error.code, "detail": error.detail, **summary.counts()}
    except Exception:
        _log.exception("an import broke off after %s rows", summary.rows)
        detail = "Something went wrong on our side; what was read so far is kept."
        end = {"type": "failed", "code": "internal", "detail": detail, **summary.counts()}
    for bad in sorted(summary.errors, key=lambda each: each.position.row):
        where = {"row": bad.position.row, "line": bad.position.line, "column": bad.column}
        yield {"type": "error", **where, "reason": bad.reason}
    yield end | {"errors_left_out": summary.errors_left_out}


def _batches(
    file: CsvFile | NdjsonFile, parser: RowParser, author: Author, summary: ImportSummary
) -> Iterator[Line]:
    import_id = new_id()
    rows = file.rows()
    began = time.monotonic()
    next_line = 0.0
    number = 0
    while batch := list(islice(rows, BATCH)):
        if stopping.is_set():
            raise ImportInterrupted("The server is about to stop; run the import again.")
        number += 1
        _import_batch(batch, parser, author, f"import {import_id} {number}", summary)
        elapsed = time.monotonic() - began
        if elapsed >= next_line:
            # Ever rarer: all progress of a day must fit into the connection, if nobody reads it.
            next_line = elapsed * 1.05 + 0.5
            yield {"type": "progress", **summary.counts()}


def _import_batch(
    batch: list[RawRow | BadRow],
    parser: RowParser,
    author: Author,
    reference: str,
    summary: ImportSummary,
) -> None:
    good: list[ParsedRow] = []
    before = summary.counts()
    for row in batch:
        found = [row] if isinstance(row, BadRow) else parser.parse(row)
        if isinstance(found, ParsedRow):
            good.append(found)
        else:
            summary.bad(found)
    results = write_batch(good, author, reference) if good else []
    for result in results:
        if isinstance(result, BadRow):
            summary.bad([result])
        else:
            summary.good(result)
    summary.rows += len(batch)
    if not author.dry_run:
        now = summary.counts()
        for outcome in IMPORT_OUTCOMES:
            IMPORT_ROWS.labels(outcome).inc(now[outcome] - before[outcome])
