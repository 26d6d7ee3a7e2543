"""A bounded pool of connections that trusts them.

No ping at check-out: under load it costs as much as the query it precedes. A look at the socket is
enough to find a connection that the server has closed. One that died silently shows at BEGIN, and
is replaced there (`Database.begin`); other statements are never sent twice, since even a SELECT may
call a function that writes.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN

from store.database.errors import DatabaseDown, PoolExhausted
from store.metrics.database import (
    HELD_SECONDS,
    POOL_IN_USE,
    POOL_SIZE,
    POOL_TIMEOUTS,
    POOL_WAIT_SECONDS,
    UNAVAILABLE,
)

Connection = Any  # psycopg2's; mypy cannot follow it through peewee


class Pool:
    """At most `size` connections; the one given back last goes out first, so that spare ones rest.

    The primitives are those of `threading`: plain in a process with threads, those of gevent after
    `store.server.process.gevent_patch.patch_gevent()`.
    """

    def __init__(self, connect: Callable[[], Connection], size: int, wait_seconds: float) -> None:
        self._connect = connect
        self._wait_seconds = wait_seconds
        self._slots = threading.BoundedSemaphore(size)
        self._idle: deque[Connection] = deque()
        self._lent_at: dict[Connection, float] = {}
        self._size = size
        self._closed = False
        POOL_SIZE.inc(size)

    def take(self) -> Connection:
        """A connection for the caller alone; PoolExhausted if none is free in time."""
        begun = time.perf_counter()
        if not self._slots.acquire(timeout=self._wait_seconds):
            POOL_TIMEOUTS.inc()
            raise PoolExhausted("The database is busy; try again in a moment.")
        POOL_WAIT_SECONDS.observe(time.perf_counter() - begun)
        POOL_IN_USE.inc()
        try:
            connection = self._rested() or self._new()
        except BaseException:
            self._free_slot()
            raise
        self._lent_at[connection] = time.perf_counter()
        return connection

    def give_back(self, connection: Connection) -> None:
        """The caller needs it no more. What is broken is thrown away, what is open is rolled back."""
        HELD_SECONDS.observe(time.perf_counter() - self._lent_at.pop(connection))
        try:
            if not self._closed and _is_clean(connection):
                self._idle.append(connection)
            else:
                discard(connection)
        finally:
            self._free_slot()

    def replace(self, connection: Connection) -> Connection:
        """A new connection for a broken one; the caller keeps its slot."""
        discard(connection)
        fresh = self._new()
        self._lent_at[fresh] = self._lent_at.pop(connection)
        return fresh

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back."""
        if not self._closed:
            POOL_SIZE.dec(self._size)
        self._closed = True
        while self._idle:
            discard(self._idle.pop())

    def _rested(self) -> Connection | None:
        """The living connection that was used last, if there is one."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if _is_alive(connection):
                return connection
            discard(connection)

    def _free_slot(self) -> None:
        POOL_IN_USE.dec()
        self._slots.release()

    def _new(self) -> Connection:
        try:
            return self._connect()
        except psycopg2.OperationalError as error:
            UNAVAILABLE.inc()
            raise DatabaseDown("The database is not available.") from error


def discard(connection: Connection) -> None:
    """Close a connection, whatever state it is in."""
    with contextlib.suppress(psycopg2.Error):
        connection.close()


def _is_alive(connection: Connection) -> bool:
    """Whether the server has left the connection open: two system calls, no round trip."""
    try:
        connection.poll()  # reads the server's last words, if there are any
        connection.poll()  # finds out that it has hung up after them
    except psycopg2.Error:
        return False
    return not connection.closed


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
