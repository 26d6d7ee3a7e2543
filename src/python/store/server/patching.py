"""Make the process cooperative: one greenlet's wait is another one's turn."""

from typing import Any


def cooperate() -> None:
    """Let sockets, locks, psycopg2 and gRPC wait in gevent's loop.

    Call it before anything opens a socket or makes a lock: first in `serve` and `work`.
    """
    from gevent import monkey

    monkey.patch_all()

    import psycopg2.extensions
    from grpc.experimental.gevent import init_gevent

    psycopg2.extensions.set_wait_callback(wait_for_answer)
    init_gevent()


def wait_for_answer(connection: Any) -> None:
    """Wait in gevent's loop until PostgreSQL has answered (psycopg2's wait callback).

    Whatever ends the wait early (a lost server, a timeout, a killed greenlet): psycopg2 closes the
    connection by itself. Closing it here would wait for ever for a lock that psycopg2 holds.
    """
    from gevent.socket import wait_read, wait_write
    from psycopg2.extensions import POLL_OK, POLL_READ

    while (state := connection.poll()) != POLL_OK:
        wait = wait_read if state == POLL_READ else wait_write
        wait(connection.fileno())
