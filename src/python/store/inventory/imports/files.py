"""Reading the rows of a file of any size, one at a time.

A row that cannot be read is a BadRow among the others; the file goes on behind it.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import orjson

from store.server.errors import Invalid, TooLarge

LONGEST_LINE = 1_000_000  # bytes
LONGEST_NAME = 100  # characters of a column's name that we repeat
MOST_COLUMNS = 500

# Bytes that are not UTF-8 are carried as these, so that only their own row is refused.
_UNDECODED = frozenset(map(chr, range(0xDC80, 0xDD00)))


class LineTooLong(TooLarge):
    """The file has a line that no row is as long as; it is probably no such file."""

    code = "line_too_long"

    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line} is longer than {LONGEST_LINE} bytes.", line=line)


@dataclass(frozen=True)
class RowPosition:
    """Where a row stands: its number as a spreadsheet shows it, and the line where it begins."""

    row: int
    line: int


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, or a cell of it (`column`)."""

    position: RowPosition
    reason: str
    column: str | None = None


@dataclass(frozen=True)
class RawRow:
    """The cells of a row by the file's own column names."""

    position: RowPosition
    cells: Mapping[str, str]


@dataclass
class CsvFile:
    """A CSV file (RFC 4180) in UTF-8; its header has been read."""

    columns: list[str]
    _rows: Any = field(repr=False)

    @classmethod
    def opened(cls, body: BinaryIO) -> "CsvFile":
        """Read the header; Invalid if there is none that can be used."""
        rows = csv.reader(_lines(body), strict=True)
        try:
            header = [name.strip() for name in next(rows, [])]
        except csv.Error as error:
            raise Invalid("body", f"The header cannot be read: {error}.") from None
        _check_header(header)
        return cls(header, rows)

    def rows(self) -> Iterator[RawRow | BadRow]:
        """The rows below the header; blank lines are no rows."""
        number = 1
        while True:
            number += 1
            position = RowPosition(number, self._rows.line_num + 1)
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(position, f"Cannot be read: {error}.")
                continue
            if cells:
                yield self._row(position, cells)

    def _row(self, position: RowPosition, cells: list[str]) -> RawRow | BadRow:
        if len(cells) != len(self.columns):
            reason = f"Has {len(cells)} cells, but the header has {len(self.columns)}."
            return BadRow(position, reason)
        return RawRow(position, dict(zip(self.columns, cells, strict=True)))


class NdjsonFile:
    """A file with one JSON object a line; what columns it has shows row by row."""

    columns: None = None

    def __init__(self, body: BinaryIO) -> None:
        self._lines = _byte_lines(body)

    def rows(self) -> Iterator[RawRow | BadRow]:
        """The objects; blank lines are no rows."""
        for number, line in enumerate(self._lines, start=1):
            if line.strip():
                yield _object(RowPosition(number, number), line)


def _object(position: RowPosition, line: bytes) -> RawRow | BadRow:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return BadRow(position, f"Is not JSON: {error}.")
    if not isinstance(value, dict):
        return BadRow(position, "Is not a JSON object.")
    cells: dict[str, str] = {}
    for column, found in _flat(value):
        text = _text(found)
        if text is None:
            return BadRow(position, "Must be a text or a number.", column[:LONGEST_NAME])
        cells[column] = text
    return RawRow(position, cells)


def _flat(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for column, found in value.items():
        if column == "attributes" and isinstance(found, dict):
            yield from ((f"attributes.{name}", each) for name, each in found.items())
        else:
            yield column, found


def _text(value: Any) -> str | None:
    """A cell as CSV would have it; None if it is of no such kind."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    return None


def _check_header(header: list[str]) -> None:
    if not any(header):
        raise Invalid("body", "The file is empty: it must begin with a header.")
    if len(header) > MOST_COLUMNS:
        raise Invalid("body", f"The header has more than {MOST_COLUMNS} columns.")
    if any(is_garbled(name) for name in header):
        raise Invalid("body", "The header is not UTF-8.")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise Invalid("body", f"The header names a column twice: {', '.join(twice)}.")


def is_garbled(text: str) -> bool:
    """Whether a text held bytes that are not UTF-8."""
    return not text.isascii() and not _UNDECODED.isdisjoint(text)


def _lines(body: BinaryIO) -> Iterator[str]:
    for line in _byte_lines(body):
        yield line.decode("utf-8", errors="surrogateescape")


def _byte_lines(body: BinaryIO) -> Iterator[bytes]:
    """The lines without the file's byte order mark, read some kilobytes at a time."""
    number = 1
    line = body.readline(LONGEST_LINE + 1).removeprefix(b"\xef\xbb\xbf")
    while line:
        if len(line) > LONGEST_LINE:
            raise LineTooLong(number)
        yield line
        number += 1
        line = body.readline(LONGEST_LINE + 1)
