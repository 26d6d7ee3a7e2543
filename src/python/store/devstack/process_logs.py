"""What the processes of a store say goes to a file each; the terminal gets a line for each step."""

import contextlib
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from store.devstack.output import Output

MAX_BYTES = 5_000_000
"""A file that has become larger makes room for a new one, and stays until that one is full."""

LAST_LINES = 15
OWN = "store"  # what `up` itself says


class ProcessLogs(Output):
    """Keeps what every process says in `folder`, each line with its time; `verbose` prints it, too.

    A file is begun anew with each `up`; the one before stays beside it.
    """

    def __init__(self, folder: Path, *, verbose: bool = False) -> None:
        super().__init__()
        self._folder, self._verbose = folder, verbose
        self._files: dict[str, TextIO] = {}
        self._last: dict[str, deque[str]] = {}

    def say(self, text: str) -> None:
        """A step of our own."""
        self._write(OWN, text)
        if self._verbose:
            super().line(OWN, text)
        else:
            with contextlib.suppress(OSError):  # nobody may be reading any more
                click.echo(text)

    def detail(self, text: str) -> None:
        """A line of our own for the file."""
        self.line(OWN, text)

    def line(self, name: str, text: str) -> None:
        self._write(name, text)
        if self._verbose:
            super().line(name, text)

    def recall(self, name: str) -> None:
        """Print what `name` said last."""
        if not self._verbose:
            for text in list(self._last.get(name, ())):
                super().line(name, text)

    def close(self) -> None:
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()

    def _write(self, name: str, text: str) -> None:
        # A full disk takes no log, and the store runs on as long as it can.
        with self._lock, contextlib.suppress(OSError):
            self._last.setdefault(name, deque(maxlen=LAST_LINES)).append(text)
            file = self._files.get(name)
            if file is None or file.tell() > MAX_BYTES:
                file = self._files[name] = self._begun(name, file)
            file.write(f"{stamp()} {text}\n")

    def _begun(self, name: str, full: TextIO | None) -> TextIO:
        if full is not None:
            full.close()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = log_file(self._folder, name)
        if path.exists():
            path.rename(earlier(path))
        return path.open("w", buffering=1, encoding="utf-8", errors="replace")


def log_file(folder: Path, name: str) -> Path:
    """Where what `name` says is written."""
    return folder / f"{name}.log"


def earlier(file: Path) -> Path:
    """Where what was written before is kept."""
    return file.with_name(f"{file.name}.1")


def names(folder: Path) -> Iterator[str]:
    """Whoever has said something in this folder."""
    return (file.name.removesuffix(".log") for file in sorted(folder.glob("*.log")))


def stamp() -> str:
    """The time, UTC, as PostgreSQL writes it into its own log: these sort as text."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
