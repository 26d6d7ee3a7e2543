"""Waits for a database that is on its way: PostgreSQL and what needs it often start together."""

import logging
import time

from store.database.database import Database
from store.database.errors import DatabaseDown
from store.server.commands import CommandFailed

PAUSE_SECONDS = 1.0
PROGRESS_SECONDS = 10.0

# What a server says that is there and not yet, or no longer, ready. Whatever else it refuses us for,
# such as a wrong password, is not mended by waiting. (libpq hands on no SQLSTATE while it connects.)
_NOT_YET = (
    "starting up",
    "not yet accepting connections",
    "recovery mode",
    "shutting down",
    "too many clients",
    "remaining connection slots",
)

_log = logging.getLogger(__name__)


class NoDatabase(CommandFailed):
    """The database cannot be reached, or does not let us in."""


def wait_for(database: Database, patience: float) -> None:
    """Return once the database answers; NoDatabase after so many seconds, or at once if it refuses us.

    Logs a line when it begins to wait, one every ten seconds, and one when the wait is over.
    """
    began, due = time.monotonic(), 0.0
    while reason := _what_keeps_us_out(database):
        waited = time.monotonic() - began
        if _is_final(reason):
            raise NoDatabase(f"the database does not let us in: {reason}")
        if waited >= patience:
            raise NoDatabase(f"the database cannot be reached after {waited:.0f} s: {reason}")
        if waited >= due:
            _log.info("waiting for the database, %.0f of %.0f s: %s", waited, patience, reason)
            due = waited + PROGRESS_SECONDS
        time.sleep(PAUSE_SECONDS)
    if due:
        _log.info("the database answered after %.1f s", time.monotonic() - began)


def _what_keeps_us_out(database: Database) -> str:
    """What libpq says of it, in one line; "" if the database answers."""
    try:
        database.row("SELECT 1 AS alive")
    except DatabaseDown as error:
        return " ".join(str(error.__cause__).split())
    return ""


def _is_final(reason: str) -> bool:
    return "FATAL:" in reason and not any(said in reason for said in _NOT_YET)
