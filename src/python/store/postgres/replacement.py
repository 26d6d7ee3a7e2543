"""Replaces everything in a database by a dump, in one transaction.

pg_restore makes SQL of the dump and psql runs it, with us between them: psql gets the COMMIT only
when the whole dump has arrived. If anything ends too early, the server rolls back.
"""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

from store.postgres.client import QUIET, Client
from store.postgres.disk import size_in_words
from store.postgres.errors import CannotRestore
from store.postgres.programs import Programs, error_line
from store.server.process.commands import CommandFailed

BLOCK = 2**18
SECONDS_BETWEEN_LINES = 10.0
CONNECTION_LOST = 2  # psql's exit code

# A service's connections have the name of its host; the role says which service it is.
OTHER_CONNECTIONS = """
SELECT string_agg(format('%s (role %s)', coalesce(nullif(name, ''), 'unnamed'), role), ', ')
FROM (
    SELECT DISTINCT application_name AS name, usename AS role FROM pg_stat_activity
    WHERE datname = current_database() AND usename IS NOT NULL
      AND application_name <> current_setting('application_name')
    ORDER BY role, name
) AS connected
"""

# Whatever is there goes, also what the dump does not know; what is left is as in a new database.
BEFORE = r"""
\o /dev/null
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL lock_timeout = '60s';
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \gexec
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
"""

AFTER = rf"""
SET LOCAL client_min_messages = error;
ANALYZE;
DO $check$
DECLARE others text := ({OTHER_CONNECTIONS});
BEGIN
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'others have connected meanwhile: %', others;
    END IF;
END $check$;
SELECT to_regclass('public.schema_migration') IS NOT NULL AS noted \gset
\o
\if :noted
    SELECT max(name) FROM public.schema_migration;
\endif
COMMIT;
"""


def replace(client: Client, dump: Path, programs: Programs) -> str:
    """Replace everything in the client's database by the dump; its newest migration, if it has any.

    CannotRestore leaves the database as it was.
    """
    with TemporaryFile("w+") as reader_log, TemporaryFile("w+") as writer_log:
        reader = subprocess.Popen(
            [programs.path("pg_restore"), "--file=-", "--no-owner", str(dump)],
            stdout=subprocess.PIPE,
            stderr=reader_log,
        )
        writer = subprocess.Popen(
            [programs.path("psql"), *QUIET, "--tuples-only", "--no-align", "--file=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=writer_log,
            env={**os.environ, **client.variables},
        )
        whole = _feed(reader, writer)
        output, _ = writer.communicate()
        if writer.returncode == CONNECTION_LOST and whole:
            raise CommandFailed(
                "The connection was lost at the very end: whether the dump is restored is not known. "
                "Run it again."
            )
        if writer.returncode != 0:
            raise CannotRestore(
                f"The dump is not restored: {_error(writer_log)}. Nothing is changed."
            )
        if not whole:
            raise CannotRestore(f"{dump.name} cannot be read: {_error(reader_log)}")
    return output.decode().strip()


def _feed(reader: "subprocess.Popen[bytes]", writer: "subprocess.Popen[bytes]") -> bool:
    """Give one's output to the other, and the COMMIT when that was all of it; whether it was."""
    source, goal = cast(IO[bytes], reader.stdout), cast(IO[bytes], writer.stdin)
    with suppress(BrokenPipeError):  # psql has given up, and says why
        goal.write(BEFORE.encode())
        _copy(source, goal)
        if reader.wait() == 0:
            goal.write(AFTER.encode())
            goal.flush()
    source.close()
    return reader.wait() == 0


def _copy(source: IO[bytes], goal: IO[bytes]) -> None:
    """Copy all of it, with a line every few seconds."""
    size, due = 0, time.monotonic() + SECONDS_BETWEEN_LINES
    while block := source.read(BLOCK):
        goal.write(block)
        size += len(block)
        if time.monotonic() > due:
            print(f"{size_in_words(size)} of SQL so far", file=sys.stderr)
            due = time.monotonic() + SECONDS_BETWEEN_LINES


def _error(file: IO[str]) -> str:
    file.seek(0)
    return error_line(file.read())
