"""The four databases as they stood at one moment, read as a stream."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import psycopg2
import psycopg2.extras
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from store.cli.errors import CannotProve
from store.database.refusals import may_pass
from store.server.outbound.reachability import Unreachable, wait_until_reachable

DATABASES = ("orders", "users", "inventory", "gateway")
ROWS_AT_ONCE = 2_000
# All rows are read, so a plan is good that reads all of them soonest.
SETTINGS = (
    "-c TimeZone=UTC -c default_transaction_read_only=on -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
    " -c cursor_tuple_fraction=1 -c work_mem=64MB"
)


class Snapshot:
    """One database, read only, in one transaction: later changes are not seen."""

    def __init__(self, name: str, connection: Any) -> None:
        self.name = name
        self._connection = connection
        self._connection.set_session(ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        self.taken_at: datetime = next(self.rows("SELECT now()"))[0]

    def rows(
        self, sql: str, params: Mapping[str, object] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a few thousand in memory at any time."""
        try:
            with self._connection.cursor(name="audit") as cursor:
                cursor.itersize = ROWS_AT_ONCE
                cursor.execute(sql, params)
                yield from cursor
        except psycopg2.Error as error:
            reason = (error.diag.message_primary or type(error).__name__).strip()
            raise CannotProve(f"The database of {self.name} cannot be read: {reason}") from None


def connected(name: str, url: str, patience: float = 0) -> Any:
    """A connection to a service's database, which is waited for up to `patience` seconds; CannotProve."""

    def connect() -> Any:
        try:
            return psycopg2.connect(
                url, options=SETTINGS, application_name="audit", connect_timeout=5
            )
        except psycopg2.OperationalError as error:
            # The driver's text may quote the address, and with it the password.
            if may_pass(str(error)):
                raise Unreachable("it does not answer") from None
            raise CannotProve(f"The database of {name} does not let us in.") from None

    try:
        return wait_until_reachable(connect, patience, f"the database of {name}")
    except Unreachable as error:
        raise CannotProve(f"The database of {name} cannot be reached{error.after}.") from None


@contextmanager
def snapshots(urls: Mapping[str, str], patience: float = 0) -> Iterator[Mapping[str, Snapshot]]:
    """All four, taken one right after the other; orders first, since the others follow it.

    Before the first is taken all databases have answered: each is waited for up to `patience` seconds.
    """
    with ExitStack() as opened:
        connections = {}
        for name in DATABASES:
            connections[name] = connected(name, urls[name], patience)
            opened.callback(connections[name].close)
        yield {name: Snapshot(name, connections[name]) for name in DATABASES}
