"""A small store's databases for audits to look at in tests, and what somebody may do to them.

The rows are written past all triggers: what the services would never let happen can be planted.
"""

from collections.abc import Mapping
from contextlib import ExitStack

import psycopg2
from psycopg2.extensions import parse_dsn

from store.audit.audit import Result, Rules, judged
from store.audit.books.snapshots import snapshots
from store.database.testing import FleetingServer


class SmallStore:
    """Its databases by service, as a superuser reaches them; only those that are changed are copied."""

    def __init__(self, server: FleetingServer, clean: Mapping[str, str], copies: ExitStack) -> None:
        self._server, self._clean, self._copies = server, clean, copies
        self.start_over()

    def plant(self, service: str, sql: str) -> None:
        """Change a copy of a service's database; the audit then reads the copy."""
        if self.urls[service] == self._server.url(self._clean[service]):
            copy = self._copies.enter_context(self._server.fresh(self._clean[service]))
            self.urls[service] = self._server.url(parse_dsn(copy.url)["dbname"])
        write(self.urls[service], sql)

    def start_over(self) -> None:
        """Forget the copies: all is well again."""
        self.urls = {name: self._server.url(database) for name, database in self._clean.items()}

    def plant_all(self, sql: Mapping[str, str]) -> None:
        """Change copies of several services' databases."""
        for service, statement in sql.items():
            self.plant(service, statement)


def write(url: str, sql: str) -> None:
    """Write past all triggers and foreign keys; only a row's own constraints remain."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(sql)
    finally:
        connection.close()


def found_in(result: Result) -> set[str]:
    """The names of the checks that have found something."""
    return {tally.name for tally in result.tallies if tally.found}


def audit_of(urls: Mapping[str, str], grace: int = 60) -> Result:
    """What an audit of these databases finds, without asking the gateway's API."""
    with snapshots(urls) as taken:
        return judged(taken, Rules(grace))
