"""What the processes say, line by line, each line behind the name of who said it."""

import contextlib
import threading
from collections.abc import Iterable
from pathlib import Path

import click

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_magenta")
LONGEST_NAME = len("inventory-rpc")


class Output:
    """One terminal for many writers: lines never mix.

    They go to the standard output, or to the standard error if they stand `aside` of a result.
    """

    def __init__(self, *, aside: bool = False) -> None:
        self._aside = aside
        self._lock = threading.Lock()
        self._colours: dict[str, str] = {}

    def say(self, text: str) -> None:
        """A line of our own."""
        self.line("store", text)

    def detail(self, text: str) -> None:
        """A line of our own for who wants to know more."""
        self.say(text)

    def recall(self, name: str) -> None:
        """Show what `name` said last, unless it stands there already."""

    def line(self, name: str, text: str) -> None:
        """One line that `name` said; nobody may be reading any more (`up | head`): the store runs on."""
        with contextlib.suppress(OSError):
            self.show(name, text)

    def show(self, name: str, text: str) -> None:
        """One line that `name` said, with colours only where a terminal shows them; OSError if nobody reads."""
        with self._lock:
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            prefix = click.style(f"{name.ljust(LONGEST_NAME)} |", fg=colour)
            click.echo(f"{prefix} {text}", err=self._aside)

    def relay(self, name: str, lines: Iterable[bytes]) -> None:
        """Every line until the writer has gone."""
        for line in lines:
            self.line(name, line.decode(errors="replace").rstrip())


class LogFiles(Output):
    """A file for each writer, in a folder, instead of a terminal."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def file(self, name: str) -> Path:
        """Where everything that `name` says is written."""
        return self._folder / f"{name}.log"

    def line(self, name: str, text: str) -> None:
        with self._lock, self.file(name).open("a") as file:
            file.write(f"{text}\n")

    def relay(self, name: str, lines: Iterable[bytes]) -> None:
        """Every line until the writer has gone."""
        with self.file(name).open("ab", buffering=0) as file:
            for line in lines:
                file.write(line)
