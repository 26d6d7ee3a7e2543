"""A client of the importer: sends a file of any size, and reads what became of its rows."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import requests

from store.cli.errors import Trouble
from store.devstack.rest import Rest

CHUNK_BYTES = 64 * 1024
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Import:
    """A file, and how to read it: our columns by the file's, and values for every row."""

    file: Path
    format: str
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False

    def params(self) -> dict[str, Any]:
        """The query of `POST /v1/imports`."""
        return {
            "format": self.format,
            "dry_run": "true" if self.dry_run else "false",
            "map": [_pair(name, column) for name, column in self.columns.items()],
            "set": [_pair(name, value) for name, value in self.values.items()],
        }


@dataclass(frozen=True)
class RejectedRow:
    """Why the store did not take a row, and where that stands, as the store says it."""

    row: int
    line: int
    column: str
    reason: str


@dataclass
class Result:
    """What became of the rows."""

    rejects: Sequence[RejectedRow]
    summary: Mapping[str, Any]


def send(
    rest: Rest, inventory_url: str, token: str, source: Import, sent: Callable[[int], None]
) -> Result:
    """Import a file; `sent` receives how many of its bytes have gone out."""
    with rest.upload(
        f"{inventory_url}/v1/imports", source.params(), content_of(source.file, sent), token
    ) as answer:
        return result_of(_lines(answer))


def content_of(file: Path, sent: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of a file, unpacked if it is gzip."""
    with file.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        content = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        while chunk := _read(content, file):
            yield chunk
            sent(raw.tell())


def _read(content: IO[bytes], file: Path) -> bytes:
    try:
        return content.read(CHUNK_BYTES)
    except (OSError, EOFError) as error:
        raise Trouble(f"{file} cannot be read: {error}") from None


def _lines(answer: requests.Response) -> Iterator[dict[str, Any]]:
    try:
        for line in answer.iter_lines():
            if line:
                yield json.loads(line)
    except (requests.RequestException, ValueError):
        raise CutOff from None


def result_of(lines: Iterator[dict[str, Any]]) -> Result:
    rejects = []
    for line in lines:
        match line["type"]:
            case "error":
                column, reason = line.get("column") or "", line["reason"]
                rejects.append(RejectedRow(line["row"], line["line"], column, reason))
            case "summary":
                return Result(rejects, line)
            case "failed":
                raise Trouble(
                    f"The import broke off after {line.get('rows', 0)} rows: {line['detail']} "
                    "Run it again; what is there already stays as it is."
                )
    raise CutOff


class CutOff(Trouble):
    def __init__(self) -> None:
        super().__init__("The answer was cut off. Run the import again; nothing is taken twice.")


def _pair(name: str, value: str) -> str:
    pair = f"{name}:{value}"
    return '"' + pair.replace('"', '""') + '"' if any(sign in pair for sign in ',"\n') else pair
