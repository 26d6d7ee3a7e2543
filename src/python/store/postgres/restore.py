"""`postgres restore`: a database as one of its dumps shows it, wholly or not at all."""

import re
import sys
import time

from store.postgres.backup import note_newest
from store.postgres.client import connected
from store.postgres.config import BackupConfig
from store.postgres.dumps import Dump, Dumps
from store.postgres.errors import CannotRestore
from store.postgres.programs import ProgramFailed, Programs
from store.postgres.replacement import OTHER_CONNECTIONS, replace

NEXT = (
    "Next: run the service's `migrate`, start what was stopped, then let `proof audit` say what the "
    "other databases know and this one does not."
)


def restore(config: BackupConfig, programs: Programs, name: str) -> str:
    """Replace everything in the database by the dump `name`, or its latest; what was done.

    CommandFailed leaves the database exactly as it was.
    """
    dumps = Dumps(config.folder)
    with connected(config.address, programs, "postgres restore", config.wait_seconds) as client:
        database = client.name()
        dump = dumps.named(name, database)
        if dump is None:
            there = ", ".join(each.name for each in dumps.all(database)) or "none"
            raise CannotRestore(f"There is no dump {name} of {database}. There are: {there}.")
        _refuse_another_databases(dump, database, programs)
        if others := client.value(OTHER_CONNECTIONS):
            raise CannotRestore(
                f"Others are connected to {database}, stop them first: {others}. Nothing is changed."
            )
        print(f"Restoring {database} from {dump}", file=sys.stderr)
        begun = time.monotonic()
        newest = replace(client, dump.file, programs) or "none"
        seconds = time.monotonic() - begun
        note_newest(client, dumps, database)  # where the database is a new one, it has no note yet
    return (
        f"{database} is as it was at {dump.moment:%Y-%m-%d %H:%M:%S} UTC ({dump.name}, restored in "
        f"{seconds:.1f} s); its newest migration is {newest}.\n{NEXT}"
    )


def _refuse_another_databases(dump: Dump, database: str, programs: Programs) -> None:
    try:
        contents = programs.run("pg_restore", "--list", dump.file)
    except ProgramFailed as failure:
        raise CannotRestore(f"{dump.name} cannot be read: {failure}") from failure
    found = re.search(r"^;\s+dbname: (.*)$", contents, re.MULTILINE)
    if found is None or found[1] != database:
        raise CannotRestore(f"{dump.name} is no dump of {database}; DATABASE_URL names {database}.")
