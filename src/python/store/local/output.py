"""What the processes say, line by line, each line behind the name of who said it."""

import contextlib
import threading
from collections.abc import Iterable

import click

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_magenta")
LONGEST_NAME = len("inventory-rpc")


class Output:
    """One terminal for many writers: lines never mix."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._colours: dict[str, str] = {}

    def say(self, text: str) -> None:
        """A line of our own."""
        self.line("store", text)

    def line(self, name: str, text: str) -> None:
        """One line that `name` said; colours only where a terminal shows them."""
        # Nobody may be reading any more (`up | head`): the store runs on.
        with self._lock, contextlib.suppress(OSError):
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            click.echo(f"{click.style(name.ljust(LONGEST_NAME) + ' |', fg=colour)} {text}")

    def relay(self, name: str, lines: Iterable[bytes]) -> None:
        """Every line until the writer has gone."""
        for line in lines:
            self.line(name, line.decode(errors="replace").rstrip())
