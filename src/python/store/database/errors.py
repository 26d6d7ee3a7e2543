"""What goes wrong between us and PostgreSQL, in the caller's words.

    Unavailable (503, Retry-After)
    ├── PoolExhausted    database_busy          all connections are in use
    ├── DatabaseDown     database_unavailable   the server is gone or refuses us
    ├── DatabaseSlow     database_timeout       a statement or a lock took too long; nothing was changed
    ├── Collision        database_collision     two transactions got in each other's way; try again
    └── CommitUnknown    outcome_unknown        the answer to COMMIT was lost: done or not, nobody knows

Everything else (a broken constraint, a mistake in the SQL) stays peewee's: `IntegrityError` and so on.
"""

import peewee
import psycopg2

from store.metrics.database import DEADLOCK, LOST, OTHER, TIMEOUT
from store.server.errors import Unavailable


class PoolExhausted(Unavailable):
    """All connections stayed in use for as long as we were ready to wait."""

    code = "database_busy"


class DatabaseDown(Unavailable):
    """The server is gone, or does not let us in. What was not committed has not happened."""

    code = "database_unavailable"


class DatabaseSlow(Unavailable):
    """A statement or a lock took too long. The transaction has been undone."""

    code = "database_timeout"


class Collision(Unavailable):
    """A deadlock or a serialization failure. The transaction has been undone and may be tried again."""

    code = "database_collision"


class CommitUnknown(Unavailable):
    """The connection broke while COMMIT was on its way: it may have happened or not."""

    code = "outcome_unknown"


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_COLLISIONS = {"40001", "40P01"}
_TIMEOUTS = {"57014", "55P03", "25P04"}  # cancelled, lock not available, transaction timeout
_LOST = ("08", "53", "57P", "25P03")  # connection, resources, shutdown, idle in a transaction


def in_our_words(error: peewee.DatabaseError | peewee.InterfaceError) -> Exception:
    """The error to raise instead: one of ours when the database is in trouble, else the same.

    It is counted, unless it is a broken constraint, which is an answer like others.
    """
    code = sqlstate(error)
    if code in _COLLISIONS:
        DEADLOCK.inc()
        return Collision("The database is contended; try again.", retry_after=0.2)
    if code in _TIMEOUTS:
        TIMEOUT.inc()
        return DatabaseSlow("The database took too long.")
    if code.startswith(_LOST) or (not code and _is_connection_error(error)):
        LOST.inc()
        return DatabaseDown("The database is not available.")
    if not isinstance(error, peewee.IntegrityError):
        OTHER.inc()
    return error


def sqlstate(error: Exception) -> str:
    """PostgreSQL's five-letter code of an error, or "" if the server did not give one."""
    return getattr(_original(error), "pgcode", None) or ""


def broken_constraint(error: peewee.IntegrityError) -> str:
    """The name of the constraint that refused the row, such as `users_email_key`."""
    diagnosis = getattr(_original(error), "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def primary_message(error: Exception) -> str:
    """What went wrong in one line, without PostgreSQL's details, which quote what is in a row."""
    diagnosis = getattr(_original(error), "diag", None)
    said = getattr(diagnosis, "message_primary", None) or str(error)
    return f"{type(error).__name__}: {' '.join(said.split())}"


def _is_connection_error(error: Exception) -> bool:
    return isinstance(_original(error), psycopg2.OperationalError | psycopg2.InterfaceError)


def _original(error: Exception) -> Exception:
    # peewee keeps psycopg2's error as `orig` of its own.
    original = getattr(error, "orig", None)
    return original if isinstance(original, psycopg2.Error) else error
