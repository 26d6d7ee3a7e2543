"""One service's database: a bounded pool, transactions, and plain SQL where speed matters.

    database = Database(MIGRATIONS)                  # in models.py; does nothing yet
    database.open(DatabaseConfig.from_environ(env))  # in main.py; connects when first needed

    with database.transaction():                     # a use case
        product = Product.get_by_id(product_id)
        database.run("UPDATE stock SET on_hand = on_hand - %s WHERE sku = %s", (2, "MUG"))

    database.rows("SELECT sku, on_hand FROM stock WHERE on_hand < %s", (10,))

Plain SQL passes peewee by, and joins the transaction that is open, if one is.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson
import peewee
import psycopg2
import psycopg2.extras
from peewee import __exception_wrapper__ as in_peewees_words  # type: ignore[attr-defined]

from store.database.config import DatabaseConfig
from store.database.errors import CommitUnknown, DatabaseDown, in_our_words
from store.database.functions import unapplied
from store.database.history import MigrationsPending, missing
from store.database.pool import Pool

__all__ = ["Database", "DatabaseConfig"]

T = TypeVar("T")
Params = Sequence[Any] | dict[str, Any]


class Database(peewee.PostgresqlDatabase):
    """PostgreSQL through a pool. Each thread or greenlet has a connection only while it needs one.

    An ORM query outside `transaction()` and `reading()` is an error (peewee.InterfaceError).
    Trouble with the server is raised as `store.database.errors` says.
    """

    _state: Any  # peewee's, per thread: the connection and its open transactions

    def __init__(self, migrations: Path | None = None, functions: Path | None = None) -> None:
        """The folders that `check()` compares the database with."""
        super().__init__(None, autoconnect=False)
        self.migrations = migrations
        self.functions = functions
        self._pool: Pool | None = None
        # peewee connects and closes under one lock: with a pool, whoever waits for a connection
        # would hold it against the one who wants to give one back. State is per thread anyway.
        self._lock = contextlib.nullcontext()

    def open(self, config: DatabaseConfig) -> None:
        """Use this database from now on. Connects at the first query, not before."""
        self.shut()
        self.init(config.url)
        arguments = config.connect_arguments()
        self._pool = Pool(lambda: _connect(arguments), config.pool_size, config.pool_wait_seconds)

    def shut(self) -> None:
        """Close all connections; those in use are closed when they are given back."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:  # type: ignore[override]
        """All or nothing: COMMIT at the end, ROLLBACK when an error leaves the block.

        Inside another transaction this is a savepoint. CommitUnknown means: nobody knows.
        """
        if self.in_transaction():
            with self._undoable(), self.savepoint():
                yield
            return
        with self.reading(), super().transaction():
            waiting: list[Callable[[], None]] = []
            self._state.on_commit = waiting
            yield
        for do in waiting:
            do()

    def on_commit(self, do: Callable[[], None]) -> None:
        """Do this once the open transaction is committed, and never if it is undone; else at once.

        For what cannot be undone with it, such as counting: CommitUnknown counts as undone.
        """
        if self.in_transaction():
            self._state.on_commit.append(do)
        else:
            do()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """A connection where each statement stands for itself (autocommit)."""
        if not self.is_closed():
            yield
            return
        self.connect()
        try:
            yield
        finally:
            self.close()

    def rows(self, sql: str, params: Params = ()) -> list[dict[str, Any]]:
        """The rows of one statement as dictionaries; joins an open transaction."""
        return self._ask(sql, params, _all_rows)

    def row(self, sql: str, params: Params = ()) -> dict[str, Any] | None:
        """The first row of one statement, or None if it has none; joins an open transaction."""
        return self._ask(sql, params, _first_row)

    def run(self, sql: str, params: Params = ()) -> int:
        """How many rows one statement changed; joins an open transaction."""
        return self._ask(sql, params, _row_count)

    def check(self) -> None:
        """Return if the database answers and knows our migrations and functions, or Unavailable.

        A database that is ahead of this code is fine: migrations expand before they contract.
        """
        self.row("SELECT 1 AS alive")
        pending = missing(self.rows, self.migrations) if self.migrations else []
        if self.functions:
            pending += unapplied(self.rows, self.functions)
        if pending:
            raise MigrationsPending(pending)

    def execute_sql(self, sql: str, params: Params | None = None) -> Any:
        """One statement on this thread's connection; its cursor. The ORM comes through here, too."""
        state = self._state
        if state.closed:
            raise peewee.InterfaceError("No connection: use transaction() or reading().")
        cursor = _execute(state.conn, sql, params)
        state.untried = False
        return cursor

    def begin(self, isolation_level: object = None) -> None:  # noqa: ARG002
        """BEGIN; if the pooled connection turns out to be dead, on a new one: nothing is lost yet."""
        state = self._state
        try:
            self.execute_sql("BEGIN")
        except DatabaseDown:
            if not state.untried:
                raise
            state.conn = state.pool.replace(state.conn)
            self.execute_sql("BEGIN")

    def commit(self) -> None:
        """COMMIT, and make sure that it was one."""
        try:
            cursor = self.execute_sql("COMMIT")
        except DatabaseDown as error:
            raise CommitUnknown("The database was lost during a commit.") from error
        if cursor.statusmessage != "COMMIT":
            # PostgreSQL answers ROLLBACK, without an error, when a statement has failed before and
            # somebody went on as if nothing had happened.
            raise peewee.InternalError(
                "The transaction had failed before its end: nothing was kept."
            )

    def rollback(self) -> None:
        """ROLLBACK; on a connection that is lost there is nothing left to undo."""
        if self._state.conn.closed:
            return
        with contextlib.suppress(DatabaseDown):
            self.execute_sql("ROLLBACK")

    @contextlib.contextmanager
    def _undoable(self) -> Iterator[None]:
        """Forget what was to be done on commit since here, if an error leaves the block."""
        waiting = self._state.on_commit
        before = len(waiting)
        try:
            yield
        except BaseException:
            del waiting[before:]
            raise

    def _ask(self, sql: str, params: Params, read: Callable[[Any], T]) -> T:
        # Past peewee: taking a connection through it costs as much as a short query.
        if not self._state.closed:
            return read(self.execute_sql(sql, params or None))
        pool = self._opened()
        connection = pool.take()
        try:
            return read(_execute(connection, sql, params or None))
        finally:
            pool.give_back(connection)

    def _opened(self) -> Pool:
        if self._pool is None:
            raise peewee.InterfaceError("The database has not been opened.")
        return self._pool

    def _connect(self) -> Any:
        state = self._state
        state.pool, state.untried = self._opened(), True
        return state.pool.take()

    def _close(self, conn: Any) -> None:
        self._state.pool.give_back(conn)


def _execute(connection: Any, sql: str, params: Params | None) -> Any:
    try:
        with in_peewees_words:
            cursor = connection.cursor()
            cursor.execute(sql, params)
    except (peewee.DatabaseError, peewee.InterfaceError) as error:
        ours = in_our_words(error)
        if ours is error:
            raise
        raise ours from error
    return cursor


def _all_rows(cursor: Any) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _first_row(cursor: Any) -> dict[str, Any] | None:
    row = cursor.fetchone()
    if row is None:
        return None
    return {column.name: value for column, value in zip(cursor.description, row, strict=True)}


def _row_count(cursor: Any) -> int:
    return int(cursor.rowcount)


def _connect(arguments: dict[str, Any]) -> Any:
    connection = psycopg2.connect(**arguments)
    connection.autocommit = True
    psycopg2.extras.register_uuid(conn_or_curs=connection)  # type: ignore[no-untyped-call]
    psycopg2.extras.register_default_jsonb(connection, loads=orjson.loads)
    psycopg2.extras.register_default_json(connection, loads=orjson.loads)
    return connection
