"""How far a long job is: a bar on a terminal, a line every few seconds elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 5.0


class Bar:
    """A bar that a terminal redraws."""

    def __init__(self, progress: Progress, title: str, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=total, facts="")

    def reach(self, done: int, facts: str = "") -> None:
        """Show that this much is done, and what else there is to say."""
        self._progress.update(self._task, completed=done, facts=facts)


class Lines:
    """A line every few seconds, for logs."""

    def __init__(self, console: Console, title: str, total: int | None) -> None:
        self._console, self._title, self._total = console, title, total
        self._next = time.monotonic() + SECONDS_BETWEEN_LINES

    def reach(self, done: int, facts: str = "") -> None:
        """Say that this much is done, unless something was said a moment ago."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SECONDS_BETWEEN_LINES
        of = f" of {self._total:,}" if self._total else ""
        self._console.print(f"{self._title}: {done:,}{of}  {facts}".rstrip(), highlight=False)


@contextmanager
def progress(console: Console, title: str, total: int | None) -> Iterator[Bar | Lines]:
    """Something to `reach(done)` with; `total` is None when nobody knows it."""
    if not console.is_terminal:
        yield Lines(console, title, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[facts]}"),
    )
    with Progress(*columns, console=console) as shown:
        yield Bar(shown, title, total)
