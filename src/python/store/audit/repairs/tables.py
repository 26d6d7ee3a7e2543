"""A service's database, as a repair writes to it where the service has no door for that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from store.cli.errors import CannotProve

# A repair waits for nobody long: what is locked is being worked on.
SETTINGS = "-c TimeZone=UTC -c lock_timeout=5s -c statement_timeout=60s"

Rows = list[tuple[Any, ...]]


class Tables:
    """One database, connected to when it is first written to."""

    def __init__(self, name: str, url: str) -> None:
        self._name, self._url = name, url
        self._connection: Any = None

    def run(self, sql: str, **params: object) -> Rows:
        """Run one statement in a transaction of its own; its rows, if it gives any."""
        with self.transaction() as run:
            return run(sql, **params)

    @contextmanager
    def transaction(self) -> Iterator[Callable[..., Rows]]:
        """Something to run statements with, that happen all or not at all; CannotProve if it fails."""
        try:
            with self._connected() as connection, connection.cursor() as cursor:

                def run(sql: str, **params: object) -> Rows:
                    cursor.execute(sql, params)
                    return list(cursor) if cursor.description else []

                yield run
        except psycopg2.Error as error:
            # The driver's text may quote the address, and with it the password.
            reason = (error.diag.message_primary or type(error).__name__).strip()
            raise CannotProve(
                f"The database of {self._name} cannot be written to: {reason}"
            ) from None

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> Any:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(
                self._url, options=SETTINGS, application_name="audit-repair", connect_timeout=5
            )
        return self._connection
