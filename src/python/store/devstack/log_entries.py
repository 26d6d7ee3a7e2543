"""Reads the logs of a store's processes, in the order in which it was said."""

import heapq
import os
import re
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from store.devstack.process_logs import earlier

_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (UTC )?"  # PostgreSQL names the zone
)


class Entry(NamedTuple):
    """One line: when (UTC), who, what."""

    time: str
    name: str
    text: str


class LogReader:
    """Reads one process's log, and what is added to it; a file that begins anew is followed."""

    def __init__(self, name: str, file: Path) -> None:
        self._name, self._file = name, file
        self._identity: tuple[int, int] | None = None
        self._offset = 0
        self._time = ""

    def entries(self) -> Iterator[Entry]:
        """All whole lines since the last time; the first time with those kept of the run before."""
        before = earlier(self._file)
        # The file that was read last may have made room for a new one since.
        if self._identity is None or self._identity == _identity(before):
            yield from self._entries_of(before)
        yield from self._entries_of(self._file)

    def _entries_of(self, file: Path) -> Iterator[Entry]:
        identity = _identity(file)
        if identity is None:
            return
        with file.open("rb") as lines:
            if identity != self._identity or file.stat().st_size < self._offset:
                self._identity, self._offset = identity, 0
            lines.seek(self._offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield self._entry(line.decode(errors="replace").rstrip())

    def _entry(self, line: str) -> Entry:
        # A line without a time belongs to the one before it.
        found = _STAMP.match(line)
        if found:
            self._time, line = found[1], line[found.end() :]
        return Entry(self._time, self._name, line)


def in_order(readers: Iterable[LogReader]) -> Iterator[Entry]:
    """What all of them have to say now, the earliest first."""
    return heapq.merge(*(reader.entries() for reader in readers), key=attrgetter("time"))


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
