"""A door for HTTP: to every connection of the caller belongs one to the other side."""

import socket
import socketserver
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from store.proof.faults.doors.crossing import Crossing, Cut
from store.proof.faults.doors.wire import Ended, Wire, request_line, status
from store.proof.faults.listener import HOST, Listener

CONNECT_SECONDS = 2.0
LONGEST_HOLD_SECONDS = 15.0
"""How long a delayed call is held at most: longer than the deadlines of orders (4 and 6 s)."""

NameOf = Callable[[str, str], str | None]


class HttpDoor(Listener):
    """A port of the caller's own. `name_of` says which call a method and a path are."""

    def __init__(self, crossing: Crossing, upstream: str, name_of: NameOf) -> None:
        super().__init__(_Connection)
        address = urlsplit(upstream)
        self.crossing = crossing
        self.upstream = (address.hostname or HOST, address.port or 80)
        self.name_of = name_of

    @property
    def url(self) -> str:
        """What the caller is told instead of the other side's address."""
        return f"http://{HOST}:{self.port}"


class _Connection(socketserver.BaseRequestHandler):
    server: HttpDoor
    request: socket.socket

    def handle(self) -> None:
        """Carry messages to and fro until one side hangs up."""
        try:
            with self._connected():
                while True:
                    self._carry()
        except Cut as cut:
            if cut.refused:
                _reset(self.request)
        except (Ended, OSError):
            # Where one side has gone the other is left, too: the end of this thread closes it.
            return

    @contextmanager
    def _connected(self) -> Iterator[None]:
        self.caller, self.upstream = Wire(self.request), self._connect()
        self.abandoned = False
        try:
            yield
        finally:
            self.server.drop(self.upstream.sock)

    def _connect(self) -> Wire:
        """A wire to the other side; the caller is refused if nobody is there."""
        try:
            sock = socket.create_connection(self.server.upstream, CONNECT_SECONDS)
        except OSError as error:
            raise Cut(refused=True) from error
        self.server.keep(sock)
        return Wire(sock)

    def _carry(self) -> None:
        self.caller.peer = self.upstream
        head = self.caller.head()
        method, path = request_line(head)
        request = head + b"".join(self.caller.request_body(head))
        call = self.server.name_of(method, path)
        if call is None:
            self._stream(method, request)
            return
        answer = self.server.crossing.cross(call, lambda: self._ask(method, request), self._hold)
        self.caller.send(answer)

    def _stream(self, method: str, request: bytes) -> None:
        """Pass a request on, and its answer back piece by piece: it may be a long one."""
        for piece in self._answer(method, request):
            self.caller.send(piece)

    def _ask(self, method: str, request: bytes) -> bytes:
        """The whole answer to a request."""
        if self.upstream.is_over():
            self.server.drop(self.upstream.sock)
            self.upstream = self._connect()
        return b"".join(self._answer(method, request))

    def _answer(self, method: str, request: bytes) -> Iterator[bytes]:
        self.upstream.peer = None if self.abandoned else self.caller
        self.upstream.send(request)
        head = self.upstream.head()
        while status(head) < 200:
            yield head
            head = self.upstream.head()
        yield head
        yield from self.upstream.answer_body(head, method)

    def _hold(self) -> None:
        """Return when the caller has given up; what it has begun is then carried to its end."""
        self.caller.wait_for_the_end(LONGEST_HOLD_SECONDS)
        self.abandoned = True


def _reset(sock: socket.socket) -> None:
    """Close it so that the other end hears "connection reset", as of a port where nobody is."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
