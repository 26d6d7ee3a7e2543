"""`postgres backup`: one more dump of a database, whole and checked, and the oldest gone."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from store.database.dump_note import WRITE
from store.postgres.client import Client, connected
from store.postgres.config import BackupConfig
from store.postgres.disk import reason, size_in_words
from store.postgres.dumps import Dumps
from store.postgres.errors import CannotBackUp, CannotReach
from store.postgres.programs import ProgramFailed, Programs

WAIT_FOR_A_TABLE = "60s"  # that a migration is changing


def back_up(config: BackupConfig, programs: Programs) -> str:
    """Keep a dump of the database as it is now; what was done, in a line.

    Older dumps are removed once the new one is there, and only then. CommandFailed leaves them all. The
    database notes the moment of the dump; if it cannot, a line says so, and the dump is good all the same.
    """
    dumps = Dumps(config.folder)
    with connected(config.address, programs, "postgres backup", config.wait_seconds) as client:
        database, begun, moment = client.name(), time.monotonic(), datetime.now(UTC)
        try:
            with dumps.unfinished(database) as file:
                _dump(client, file, programs)
                dump = dumps.keep(file, database, moment)
            seconds = time.monotonic() - begun
            removed = dumps.remove_all_but(config.keep, database)
        except ProgramFailed as failure:
            raise CannotBackUp(f"{database} is not backed up: {failure}") from failure
        except OSError as error:
            raise CannotBackUp(f"{database} is not backed up: {reason(error)}") from error
        note_newest(client, dumps, database)
    size, kept = size_in_words(dump.file.stat().st_size), len(dumps.all(database))
    return f"{dump.name}: {size} in {seconds:.1f} s; {kept} of {database} kept, {removed} older removed."


def _dump(client: Client, file: Path, programs: Programs) -> None:
    programs.run(
        *("pg_dump", "--format=custom", "--no-password", f"--lock-wait-timeout={WAIT_FOR_A_TABLE}"),
        *("--file", file),
        environ=client.variables,
    )
    # Reads all of it, as a restore would.
    programs.run("pg_restore", "--file", os.devnull, file)


def note_newest(client: Client, dumps: Dumps, database: str) -> None:
    """Note in the database when its newest dump was made, for the metrics of its service.

    A role that does not own the database may not, and only a line on stderr says so.
    """
    for newest in dumps.all(database)[:1]:
        try:
            client.run(WRITE, moment=newest.moment.isoformat())
        except CannotReach as failure:
            print(f"{newest.name} is kept, but cannot be noted: {failure}", file=sys.stderr)
