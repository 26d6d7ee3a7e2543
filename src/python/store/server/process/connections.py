"""The public port's connections, in gevent's server."""

import contextlib
import logging
import socket
from typing import Any

import gevent
from gunicorn.workers.ggevent import PyWSGIHandler, PyWSGIServer

from store.metrics.http import answering
from store.server.process.lifecycle import stopping

_IDLE_SECONDS = 65.0
"""How long a client may say nothing: longer than load balancers keep a connection (60 s)."""
_LAST_SECONDS = 1.0
"""The same for one that was let in just before the port closed."""

_log = logging.getLogger(__name__)


class Handler(PyWSGIHandler):
    """One connection: fair to the others, quiet about clients that leave."""

    close_connection: bool

    def __init__(self, sock: Any, *args: Any) -> None:
        sock.settimeout(_IDLE_SECONDS)
        super().__init__(sock, *args)

    def read_requestline(self) -> str:
        """The next request's first line; empty when the connection ends."""
        if stopping.is_set():
            self.socket.settimeout(_LAST_SECONDS)
        self.server.idle.add(self.socket)
        try:
            line: str = super().read_requestline()
        finally:
            self.server.idle.discard(self.socket)
        return line

    def read_request(self, raw_requestline: str) -> bool:
        """Read the rest of a request; ValueError, answered by 400, also if the line names no version.

        Source: RFC 9112, section 3; gevent would take it for HTTP/0.9 and answer with what the path has.
        """
        if len(raw_requestline.split()) == 2:
            raise ValueError("the request line names no version")
        return bool(super().read_request(raw_requestline))

    def handle_one_response(self) -> None:
        """Let the others run first: a busy connection would otherwise keep the loop."""
        answering.add(self)
        try:
            gevent.sleep(0)
            super().handle_one_response()
        finally:
            answering.discard(self)

    def finalize_headers(self) -> None:
        """No answer's type is to be guessed; and when this process leaves, the answer tells the client to go."""
        super().finalize_headers()
        self.response_headers.append((b"X-Content-Type-Options", b"nosniff"))
        if stopping.is_set():
            self.response_headers.append((b"Connection", b"close"))
            self.close_connection = True

    def log_request(self) -> None:
        """The application writes the access line."""

    def log_error(self, msg: str, *args: object) -> None:
        """Nonsense from a client is not our error."""
        _log.debug(msg, *args)

    def _log_error(self, kind: Any, value: Any, trace: Any) -> None:
        quiet = issubclass(kind, gevent.GreenletExit | ConnectionError | TimeoutError)
        level = logging.DEBUG if quiet else logging.ERROR
        _log.log(level, "a request broke off", exc_info=(kind, value, trace))


class Server(PyWSGIServer):
    """The public port, which knows its idle connections."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.idle: set[Any] = set()

    def drain(self, seconds: float) -> bool:
        """Stop listening, end idle connections and wait; False if some are still busy."""
        self.close()
        for sock in list(self.idle):
            _hang_up(sock)
        return bool(self.pool.join(timeout=seconds))


def _hang_up(sock: Any) -> None:
    # What has arrived is still read and answered; after it comes the end.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
