"""The folder of dumps: what is there, and which are kept."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from store.postgres.disk import reason, size_in_words, sync
from store.postgres.errors import CannotBackUp
from store.server.process.commands import CommandFailed

_MOMENT = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(?P<database>.+)-(?P<moment>\d{8}T\d{6}Z)\.dump")
LATEST = "latest"


@dataclass(frozen=True)
class Dump:
    """One whole dump: its file, and which database it shows at which moment."""

    file: Path
    database: str
    moment: datetime

    @classmethod
    def of(cls, file: Path) -> "Dump | None":
        """The dump in this file; None if it is not named like one."""
        match = _NAME.fullmatch(file.name)
        if match is None:
            return None
        moment = datetime.strptime(match["moment"], _MOMENT).replace(tzinfo=UTC)
        return cls(file, match["database"], moment)

    @property
    def name(self) -> str:
        return self.file.name

    def __str__(self) -> str:
        size = size_in_words(self.file.stat().st_size)
        return f"{self.name}  {self.moment:%Y-%m-%d %H:%M:%S} UTC  {size}"


class Dumps:
    """The dumps in `folder`, of one database or of several; all methods raise CommandFailed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self, database: str | None = None) -> list[Dump]:
        """Those of one database or of all, newest first."""
        try:
            found = [Dump.of(file) for file in self.folder.iterdir()]
        except OSError as error:
            raise CommandFailed(f"The dumps cannot be read: {reason(error)}") from error
        dumps = [dump for dump in found if dump and database in (None, dump.database)]
        return sorted(dumps, key=lambda dump: (dump.moment, dump.database), reverse=True)

    def named(self, name: str, database: str) -> Dump | None:
        """The dump of this name, or the database's newest for `latest`."""
        if name == LATEST:
            return next(iter(self.all(database)), None)
        return next((dump for dump in self.all() if dump.name == name), None)

    @contextmanager
    def unfinished(self, database: str) -> Iterator[Path]:
        """A file to write a dump to; it is not listed as a dump, and it is gone afterwards.

        Only one at a time for each database.
        """
        file = self.folder / f".{database}.unfinished"
        with (self.folder / f".{database}.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotBackUp(f"Another backup of {database} is running.") from None
            try:
                file.touch(mode=0o600)  # customers' data are in it
                yield file
            finally:
                file.unlink(missing_ok=True)

    def keep(self, unfinished: Path, database: str, moment: datetime) -> Dump:
        """Give a checked file the name of a dump, for good."""
        dump = Dump(self.folder / f"{database}-{moment:{_MOMENT}}.dump", database, moment)
        sync(unfinished)
        unfinished.rename(dump.file)
        sync(self.folder)
        return dump

    def remove_all_but(self, count: int, database: str) -> int:
        """Remove all but the newest `count` of a database; how many were removed."""
        old = self.all(database)[count:]
        for dump in old:
            dump.file.unlink()
        return len(old)
