"""gevent's patches: one greenlet's wait is another one's turn."""

from typing import Any

# libpq's connect_timeout does not hold when the wait is ours, and the server's statement_timeout
# does not when the server itself hangs.
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0


def patch_gevent(*, calls_by_grpc: bool = False) -> None:
    """Let sockets, locks and psycopg2 wait in gevent's loop; gRPC, too, where calls are made by it.

    Call it before anything opens a socket or makes a lock: first in `serve` and `work`.
    """
    from gevent import monkey

    monkey.patch_all()

    import psycopg2.extensions

    psycopg2.extensions.set_wait_callback(wait_for_answer)
    if calls_by_grpc:
        # A tenth of the start and 8 MB, which others have no use for.
        from grpc.experimental.gevent import init_gevent

        init_gevent()


def wait_for_answer(connection: Any) -> None:
    """Wait in gevent's loop until PostgreSQL has answered (psycopg2's wait callback).

    Raises psycopg2.OperationalError when it never does.
    Whatever ends the wait early (a lost server, a timeout, a killed greenlet): psycopg2 closes the
    connection by itself. Closing it here would wait for ever for a lock that psycopg2 holds.
    """
    from gevent.socket import wait_read, wait_write
    from psycopg2 import OperationalError
    from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP

    seconds = CONNECT_SECONDS if connection.status == STATUS_SETUP else ANSWER_SECONDS
    silence = OperationalError("PostgreSQL does not answer.")
    while (state := connection.poll()) != POLL_OK:
        wait = wait_read if state == POLL_READ else wait_write
        wait(connection.fileno(), timeout=seconds, timeout_exc=silence)
