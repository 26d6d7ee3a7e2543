"""Waiting for a database that starts: PostgreSQL and what needs it often start together."""

from store.database.database import Database
from store.database.errors import DatabaseDown
from store.database.refusals import may_pass
from store.server.outbound.reachability import Unreachable, wait_until_reachable
from store.server.process.commands import CommandFailed


class NoDatabase(CommandFailed):
    """The database cannot be reached, or does not let us in."""


def wait_for_database(database: Database, seconds: float) -> None:
    """Return once the database answers; NoDatabase after so many seconds, or at once if it refuses us.

    Logs as `wait_until_reachable` does.
    """
    try:
        wait_until_reachable(lambda: _ask(database), seconds, "the database")
    except Unreachable as error:
        raise NoDatabase(
            f"the database cannot be reached after {error.waited:.0f} s: {error}"
        ) from error


def _ask(database: Database) -> None:
    try:
        database.row("SELECT 1 AS alive")
    except DatabaseDown as error:
        reason = " ".join(str(error.__cause__).split())
        if may_pass(reason):
            raise Unreachable(reason) from error
        raise NoDatabase(f"the database does not let us in: {reason}") from error
