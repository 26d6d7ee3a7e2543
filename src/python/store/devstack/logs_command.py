"""`./pants logs`: what the processes of a store have said, together and in order."""

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from store.cli import options
from store.cli.errors import Trouble
from store.devstack.folder import Folder
from store.devstack.log_entries import Entry, LogReader, in_order
from store.devstack.output import Output
from store.devstack.process_logs import log_file, names

POLL_INTERVAL_SECONDS = 0.2
POSTGRES = "postgres"


@click.command("logs")
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@click.option("--follow", "-f", is_flag=True, help="Go on with what they say next, until Ctrl-C.")
@click.option("--lines", "-n", type=click.IntRange(min=0), help="Begin with the last N lines only.")
@options.data
def logs_command(processes: Sequence[str], follow: bool, lines: int | None, data: Path) -> None:
    """Show what the processes of the store have said: all of them, or those that are named.

    Each line stands behind the name of its process, in the order in which they were said. Kept are the
    run that goes on, or went last, and the one before; of each process 10 MB at most.
    """
    readers = LogReaders(Folder(data), processes)
    output = Output()
    entries: Iterator[Entry] = in_order(readers.all())
    for entry in entries if lines is None else deque(entries, lines):
        output.show(entry.name, entry.text)
    with contextlib.suppress(KeyboardInterrupt):
        while follow:
            time.sleep(POLL_INTERVAL_SECONDS)
            for entry in in_order(readers.all()):
                output.show(entry.name, entry.text)


class LogReaders:
    """One for each log that is asked for; logs that are begun meanwhile come along."""

    def __init__(self, folder: Folder, chosen: Sequence[str]) -> None:
        self._folder, self._chosen = folder, chosen
        self._readers: dict[str, LogReader] = {}
        known = sorted(self._files())
        if not known:
            raise Trouble(f"There are no logs in {folder.path}: start the store with ./pants up")
        for name in chosen:
            if name not in known:
                raise Trouble(f"There is no log of {name}, but of: {', '.join(known)}")

    def all(self) -> Sequence[LogReader]:
        for name, file in self._files().items():
            if name not in self._readers and (not self._chosen or name in self._chosen):
                self._readers[name] = LogReader(name, file)
        return list(self._readers.values())

    def _files(self) -> dict[str, Path]:
        files = {name: log_file(self._folder.logs, name) for name in names(self._folder.logs)}
        postgres = self._folder.database.path / "log"  # written by PostgreSQL itself
        return {**files, POSTGRES: postgres} if postgres.exists() else files
