"""Reading CSV and NDJSON, a row at a time."""

import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from store.inventory.imports.files import (
    LONGEST_LINE,
    BadRow,
    CsvFile,
    LineTooLong,
    NdjsonFile,
    RawRow,
    RowPosition,
)
from store.server.errors import Invalid


def csv_rows(data: bytes) -> list[RawRow | BadRow]:
    return list(CsvFile.opened(io.BytesIO(data)).rows())


def ndjson_rows(data: bytes) -> list[RawRow | BadRow]:
    return list(NdjsonFile(io.BytesIO(data)).rows())


@pytest.mark.parametrize(
    "data",
    [
        b"sku,title\nA,Mug\n",
        b"\xef\xbb\xbfsku,title\r\nA,Mug\r\n",
        b'"sku"," title "\n"A","Mug"',
        b"sku,title\n\nA,Mug\n\n",
    ],
)
def test_a_csv_file_is_read_however_it_is_written(data: bytes) -> None:
    (row,) = csv_rows(data)
    assert isinstance(row, RawRow)
    assert row.cells == {"sku": "A", "title": "Mug"}


def test_a_quoted_cell_may_hold_lines_and_quotes() -> None:
    first, second = csv_rows(b'sku,title\nA,"A ""big""\r\nmug"\nB,Cup\n')
    assert first == RawRow(RowPosition(2, 2), {"sku": "A", "title": 'A "big"\r\nmug'})
    assert second.position == RowPosition(3, 4)


def test_rows_and_lines_are_those_of_a_spreadsheet_and_of_an_editor() -> None:
    """Cells with lines in them, blank lines, and rows that cannot be read: all count."""
    data = b'sku,"the\ntitle"\nA,"one\ntwo\nthree"\n\nB\nC,"one\ntwo" x\nD,"\n\n"\n'
    positions = [(each.position.row, each.position.line) for each in csv_rows(data)]
    assert positions == [(2, 3), (4, 7), (5, 8), (6, 10)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"A", "Has 1 cells, but the header has 2."),
        (b"A,Mug,3", "Has 3 cells, but the header has 2."),
        (b'"A"x,Mug', "Cannot be read: ',' expected after '\"'."),
        (b'A,"' + b"x" * 140_000 + b'"', "Cannot be read: field larger than field limit (131072)."),
    ],
)
def test_a_bad_row_does_not_hide_the_next(line: bytes, reason: str) -> None:
    bad, good = csv_rows(b"sku,title\n" + line + b"\nB,Cup\n")
    assert bad == BadRow(RowPosition(2, 2), reason)
    assert isinstance(good, RawRow)


def test_a_quote_that_is_never_closed_is_named() -> None:
    good, bad = csv_rows(b'sku,title\nA,Mug\nB,"Cup\nC,Bowl\n')
    assert isinstance(good, RawRow)
    assert isinstance(bad, BadRow)
    assert bad == BadRow(RowPosition(3, 3), "Cannot be read: unexpected end of data.")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "The file is empty: it must begin with a header."),
        (b"\n\n", "The file is empty: it must begin with a header."),
        (b"sku,sku\n", "The header names a column twice: sku."),
        (b"sku,t\xeftle\n", "The header is not UTF-8."),
        (b'sku,"title" x\n', "The header cannot be read: ',' expected after '\"'."),
        (b"x," * 600, "The header has more than 500 columns."),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(header: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        CsvFile.opened(io.BytesIO(header))
    assert refused.value.facts == {"errors": [{"field": "body", "reason": reason}]}


def test_an_object_is_a_row() -> None:
    data = b'{"sku": "A", "price": 12.9, "stock": 5, "attributes": {"colour": "red"}, "image": ["a", "b"], "title": null}\n\n{"sku": "B"}'
    first, second = ndjson_rows(data)
    assert first == RawRow(
        RowPosition(1, 1),
        {
            "sku": "A",
            "price": "12.9",
            "stock": "5",
            "attributes.colour": "red",
            "image": "a b",
            "title": "",
        },
    )
    assert second == RawRow(RowPosition(3, 3), {"sku": "B"})


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        (b"{", "Is not JSON: ", None),
        (b"[1]", "Is not a JSON object.", None),
        (b'{"sku": "\xff"}', "Is not JSON: ", None),
        (b'{"sku": "\\ud800"}', "Is not JSON: ", None),
        (b'{"sku": true}', "Must be a text or a number.", "sku"),
        (b'{"sku": {"a": 1}}', "Must be a text or a number.", "sku"),
        (b'{"attributes": {"colour": []}, "sku": [1]}', "Must be a text or a number.", "sku"),
        (b'{"price": NaN}', "Is not JSON: ", None),
    ],
)
def test_a_line_that_is_no_object_of_texts_is_a_bad_row(
    line: bytes, reason: str, column: str | None
) -> None:
    bad, good = ndjson_rows(line + b'\n{"sku": "B"}\n')
    assert isinstance(bad, BadRow)
    assert bad.reason.startswith(reason)
    assert (bad.column, bad.position) == (column, RowPosition(1, 1))
    assert isinstance(good, RawRow)


def test_a_line_without_an_end_is_not_collected() -> None:
    endless = Endless(b"x")
    with pytest.raises(LineTooLong):
        list(NdjsonFile(io.BufferedReader(endless)).rows())
    assert endless.given < 2 * LONGEST_LINE


def test_a_large_file_takes_no_more_memory_than_a_small_one() -> None:
    many = Repeating(b"sku,title\n", b"A," + b"x" * 5000 + b"\n", 10_000)
    tracemalloc.start()
    try:
        read = sum(1 for _ in CsvFile.opened(io.BufferedReader(many)).rows())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (read, peak < 2_000_000) == (10_000, True)


class Endless(io.RawIOBase):
    """The same byte for ever."""

    def __init__(self, byte: bytes) -> None:
        self.byte = byte
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = self.byte * len(buffer)
        self.given += len(buffer)
        return len(buffer)


class Repeating(io.RawIOBase):
    """A header, and the same line many times."""

    def __init__(self, header: bytes, line: bytes, times: int) -> None:
        self._parts = self._all(header, line, times)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = next(self._parts, b"")
        buffer[: len(part)] = part
        return len(part)

    @staticmethod
    def _all(header: bytes, line: bytes, times: int) -> Iterator[bytes]:
        yield header
        for _ in range(times):
            yield line
