"""Connections to subscribers: urllib3's, to addresses that were looked at, and never beyond a deadline."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import SplitResult

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from store.orders.webhooks.addresses import addresses_of

IDLE_SECONDS = 30.0
MAX_IDLE = 64
READ_BYTES = 4096
# A name server that is silent holds one of the few threads that look up names for the whole process.
_lookups = threading.BoundedSemaphore(4)


class TooLate(TimeoutError):
    """The time for an attempt is over."""


@dataclass(frozen=True)
class Answer:
    """What a subscriber said; nobody reads the rest."""

    status: int
    retry_after: str


@dataclass(frozen=True)
class Deadline:
    """A moment, by `time.monotonic`, until which an attempt may last."""

    at: float

    def left(self) -> float:
        """Seconds until then; TooLate when it has passed."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise TooLate
        return seconds

    def is_over(self) -> bool:
        return time.monotonic() >= self.at


class _Http(HTTPConnection):
    """urllib3's, over a socket that `open_socket` makes: as urllib3.contrib.socks does it."""

    def __init__(
        self, host: str, port: int, open_socket: Callable[[], socket.socket], **tls: Any
    ) -> None:
        super().__init__(host, port, **tls)
        self._open_socket = open_socket

    def _new_conn(self) -> socket.socket:
        return self._open_socket()


class _Https(_Http, HTTPSConnection):
    """The same over TLS: the certificate must be that of the host's name, whatever its address."""


class Connection:
    """One connection to a subscriber, for one message at a time."""

    def __init__(self, url: SplitResult, *, private: bool) -> None:
        self.origin = origin_of(url)
        self.is_reusable, self.idle_since = False, 0.0
        self._private, self._deadline = private, Deadline(0.0)
        # A second handle on the socket, since TLS takes the first one away.
        self._brake: socket.socket | None = None
        scheme, host, port = self.origin
        if scheme == "https":
            self._http: _Http = _Https(host, port, self._open_socket, ssl_context=_tls())
        else:
            self._http = _Http(host, port, self._open_socket)

    def post(
        self, url: SplitResult, body: bytes, headers: Mapping[str, str], deadline: Deadline
    ) -> Answer:
        """The answer to a POST; OSError, HTTPException or urllib3's HTTPError if none comes in time.

        The first one connects.
        """
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        with self._braked(deadline):
            self._http.timeout = deadline.left()
            self._http.request(
                "POST", path, body, {"Host": url.netloc, **headers}, preload_content=False
            )
            response = self._http.getresponse()
            deadline.left()  # what was cut off may look like an answer
            self.is_reusable = _is_read(response) and not self._http.is_closed
        return Answer(response.status, response.headers.get("Retry-After", ""))

    def is_quiet(self) -> bool:
        """Whether the other side has neither hung up nor said anything unasked."""
        return self._http.is_connected

    def close(self) -> None:
        self._http.close()
        if self._brake:
            self._brake.close()

    def _open_socket(self) -> socket.socket:
        _, host, port = self.origin
        sock = _connected(host, port, self._deadline, private=self._private)
        self._brake = sock.dup()
        if self._deadline.is_over():  # whoever hangs up came before there was a brake
            sock.close()
            raise TooLate
        return sock

    @contextlib.contextmanager
    def _braked(self, deadline: Deadline) -> Iterator[None]:
        """Hang up at the deadline, whatever is waited for: each byte that trickles in ends a wait."""
        self._deadline = deadline
        timer = threading.Timer(deadline.left(), self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _hang_up(self) -> None:
        if self._brake:
            with contextlib.suppress(OSError):
                self._brake.shutdown(socket.SHUT_RDWR)


class ConnectionPool:
    """Connections at rest, by where they lead; those unused for half a minute are closed.

    urllib3's own pools keep theirs until somebody needs them, and one pool for each host.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Connection] = []  # the longest idle first

    def __del__(self) -> None:
        """Close whatever is left."""
        for connection in self._idle:
            connection.close()

    def take(self, url: SplitResult) -> Connection | None:
        """A connection that is ready for a message, the caller's until it is given back."""
        self._close_old_ones()
        while (connection := self._taken(origin_of(url))) and not connection.is_quiet():
            connection.close()
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keep it for the next message if it can carry one, else close it."""
        if not connection.is_reusable:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        with self._lock:
            self._idle.append(connection)
        self._close_old_ones()

    def _taken(self, origin: tuple[str, str, int]) -> Connection | None:
        with self._lock:
            for connection in reversed(self._idle):
                if connection.origin == origin:
                    self._idle.remove(connection)
                    return connection
        return None

    def _close_old_ones(self) -> None:
        before = time.monotonic() - IDLE_SECONDS
        with self._lock:
            fresh = [each for each in self._idle if each.idle_since >= before][-MAX_IDLE:]
            old = [each for each in self._idle if each not in fresh]
            self._idle = fresh
        for connection in old:
            connection.close()


def origin_of(url: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port of an address: what a connection leads to."""
    return url.scheme, url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def _connected(host: str, port: int, deadline: Deadline, *, private: bool) -> socket.socket:
    """A socket to an address that was looked at, so that DNS cannot play tricks; OSError."""
    if not _lookups.acquire(timeout=deadline.left()):
        raise TooLate
    try:
        addresses = addresses_of(host, port, private=private)
    finally:
        _lookups.release()
    for number, address in enumerate(addresses, start=1):
        try:
            sock = socket.create_connection((address, port), timeout=deadline.left())
        except OSError:
            if number == len(addresses):
                raise
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise AssertionError("a host has at least one address")


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()  # what the machine trusts; SSL_CERT_FILE adds to it
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _is_read(response: BaseHTTPResponse) -> bool:
    """Whether the whole answer has arrived. Long ones are cut off."""
    try:
        response.read(READ_BYTES, decode_content=False)
    except Exception:  # the status has been said; whatever follows it changes nothing
        return False
    return response.closed
