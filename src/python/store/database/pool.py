"""A bounded pool of connections that trusts them.

No ping at check-out: under load it costs as much as the query it precedes. A connection that turns
out to be dead is replaced by whoever finds out (see `Database.execute_sql`).
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN

from store.database.errors import DatabaseDown, PoolExhausted

Connection = Any  # psycopg2's; mypy cannot follow it through peewee


class Pool:
    """At most `size` connections; the one given back last goes out first, so that spare ones rest.

    The primitives are those of `threading`: plain in a process with threads, cooperative after
    `store.server.patching.cooperate()`.
    """

    def __init__(self, connect: Callable[[], Connection], size: int, wait_seconds: float) -> None:
        self._connect = connect
        self._wait_seconds = wait_seconds
        self._places = threading.BoundedSemaphore(size)
        self._idle: deque[Connection] = deque()
        self._closed = False

    def take(self) -> Connection:
        """A connection for the caller alone; PoolExhausted if none is free in time."""
        if not self._places.acquire(timeout=self._wait_seconds):
            raise PoolExhausted("The database is busy; try again in a moment.")
        try:
            return self._idle.pop()
        except IndexError:
            return self._new_or_free_the_place()

    def give_back(self, connection: Connection) -> None:
        """The caller needs it no more. What is broken is thrown away, what is open is rolled back."""
        try:
            if not self._closed and _is_clean(connection):
                self._idle.append(connection)
            else:
                discard(connection)
        finally:
            self._places.release()

    def replace(self, connection: Connection) -> Connection:
        """A new connection in the place of a broken one; the place stays with the caller."""
        discard(connection)
        return self._new()

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back."""
        self._closed = True
        while self._idle:
            discard(self._idle.pop())

    def _new_or_free_the_place(self) -> Connection:
        try:
            return self._new()
        except BaseException:
            self._places.release()
            raise

    def _new(self) -> Connection:
        try:
            return self._connect()
        except psycopg2.OperationalError as error:
            raise DatabaseDown("The database is not available.") from error


def discard(connection: Connection) -> None:
    """Close a connection, whatever state it is in."""
    with contextlib.suppress(psycopg2.Error):
        connection.close()


def _is_clean(connection: Connection) -> bool:
    """Whether the next caller may have it; an open transaction is rolled back first."""
    if connection.closed:
        return False
    status = connection.get_transaction_status()
    if status == TRANSACTION_STATUS_IDLE:
        return True
    if status == TRANSACTION_STATUS_UNKNOWN:
        return False
    try:
        connection.cursor().execute("ROLLBACK")
    except psycopg2.Error:
        return False
    return True
