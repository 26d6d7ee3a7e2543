"""Connections to subscribers: kept for the next message, and never waited for beyond a deadline."""

import contextlib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import SplitResult

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.wait import wait_for_read

from store.orders.webhooks.addresses import addresses_of

IDLE_SECONDS = 30.0
MOST_IDLE = 64
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
        """Whether it has passed."""
        return time.monotonic() >= self.at


class Line:
    """One connection to a subscriber, for one message at a time."""

    def __init__(self, url: SplitResult, deadline: Deadline, *, private: bool) -> None:
        """Connect to an address that was looked at, so that DNS cannot play tricks; OSError."""
        self.place = place_of(url)
        self.is_reusable, self.idle_since = False, 0.0
        plain = _connected(url, deadline, private=private)
        # A second handle on the connection, since TLS takes the first one away.
        self._brake = plain.dup()
        try:
            with self._braked(deadline):
                plain.settimeout(deadline.left())
                sock = _secured(plain, url.hostname) if url.scheme == "https" else plain
        except BaseException:
            plain.close()
            self._brake.close()
            raise
        self._http = HTTPConnection(self.place[1], self.place[2])
        self._http.sock, self._http.auto_open = sock, 0

    def post(
        self, url: SplitResult, body: bytes, headers: Mapping[str, str], deadline: Deadline
    ) -> Answer:
        """The answer to a POST; OSError or HTTPException when there is none in time."""
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        with self._braked(deadline):
            self._http.sock.settimeout(deadline.left())
            self._http.request("POST", path, body, {"Host": url.netloc, **headers})
            response = self._http.getresponse()
            deadline.left()  # what was cut off may look like an answer
            self.is_reusable = _is_read(response)
        return Answer(response.status, response.headers.get("Retry-After", ""))

    def is_quiet(self) -> bool:
        """Whether the other side has neither hung up nor said anything unasked."""
        return not wait_for_read(self._brake, timeout=0.0)

    def close(self) -> None:
        """Hang up."""
        self._http.close()
        self._brake.close()

    @contextlib.contextmanager
    def _braked(self, deadline: Deadline) -> Iterator[None]:
        """Hang up at the deadline, whatever is waited for: each byte that trickles in ends a wait."""
        timer = threading.Timer(deadline.left(), self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._brake.shutdown(socket.SHUT_RDWR)


class Lines:
    """Connections at rest, by where they lead; those unused for half a minute are closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: deque[Line] = deque()

    def __del__(self) -> None:
        """Close whatever is left."""
        for line in self._idle:
            line.close()

    def take(self, url: SplitResult) -> Line | None:
        """A connection that is ready for a message, the caller's until it is given back."""
        place = place_of(url)
        self._close_old_ones()
        while (line := self._taken(place)) is not None:
            if line.is_quiet():
                return line
            line.close()
        return None

    def give_back(self, line: Line) -> None:
        """Keep it for the next message if it can carry one, else close it."""
        if not line.is_reusable:
            line.close()
            return
        line.idle_since = time.monotonic()
        with self._lock:
            self._idle.append(line)
        self._close_old_ones()

    def _taken(self, place: tuple[str, str, int]) -> Line | None:
        with self._lock:
            for line in reversed(self._idle):
                if line.place == place:
                    self._idle.remove(line)
                    return line
        return None

    def _close_old_ones(self) -> None:
        before = time.monotonic() - IDLE_SECONDS
        with self._lock:
            excess = len(self._idle) - MOST_IDLE
            old = [
                line
                for place, line in enumerate(self._idle)
                if place < excess or line.idle_since < before
            ]
            for line in old:
                self._idle.remove(line)
        for line in old:
            line.close()


def place_of(url: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port of an address: what a connection leads to."""
    return url.scheme, url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def _connected(url: SplitResult, deadline: Deadline, *, private: bool) -> socket.socket:
    _, host, port = place_of(url)
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


def _secured(plain: socket.socket, host: str | None) -> ssl.SSLSocket:
    return _tls().wrap_socket(plain, server_hostname=host)


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()  # what the machine trusts; SSL_CERT_FILE adds to it
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _is_read(response: HTTPResponse) -> bool:
    """Whether the whole answer has arrived and the connection stays open. Long ones are cut off."""
    try:
        response.read(READ_BYTES)
    except Exception:  # the status has been said; whatever follows it changes nothing
        return False
    return response.isclosed() and not response.will_close
