"""A door for HTTP: to every connection of the caller belongs one to the other side."""

import socket
import socketserver
import struct
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from store.chaos.listener import HOST, Listener
from store.chaos.proxies.exchange import LONGEST_HOLD_SECONDS, Crossing, Cut
from store.chaos.proxies.wire import Ended, Wire, request_line, status

CONNECT_SECONDS = 2.0

NameOf = Callable[[str, str], str | None]


class HttpDoor(Listener):
    """A port of the caller's own. `name_of` says which call a method and a path are."""

    def __init__(self, crossing: Crossing, upstream: str, name_of: NameOf) -> None:
        super().__init__(_Connection)
        address = urlsplit(upstream)
        self.crossing = crossing
        self.name_of = name_of
        self._upstream = (address.hostname or HOST, address.port or 80)

    @property
    def url(self) -> str:
        """What the caller is told instead of the other side's address."""
        return f"http://{HOST}:{self.port}"

    def connect(self) -> Wire:
        """A wire to the other side; the caller is refused if nobody is there."""
        try:
            sock = socket.create_connection(self._upstream, CONNECT_SECONDS)
        except OSError as error:
            raise Cut(refused=True) from error
        self.keep(sock)
        return Wire(sock)


class _Connection(socketserver.BaseRequestHandler):
    """A connection of the caller's, and the one that belongs to it."""

    server: HttpDoor
    request: socket.socket
    upstream: Wire

    def handle(self) -> None:
        """Carry messages to and fro until one side hangs up; the other side is then left, too."""
        try:
            self._carry_all()
        except Cut as cut:
            if cut.refused:
                _reset(self.request)
        except (Ended, OSError):
            return

    def upstream_now(self) -> Wire:
        """The wire to the other side; a new one if that has hung up meanwhile."""
        if self.upstream.is_over():
            self.server.drop(self.upstream.sock)
            self.upstream = self.server.connect()
        return self.upstream

    def _carry_all(self) -> None:
        caller, self.upstream = Wire(self.request), self.server.connect()
        try:
            while True:
                self._carry(caller)
        finally:
            self.server.drop(self.upstream.sock)

    def _carry(self, caller: Wire) -> None:
        caller.peer = self.upstream
        head = caller.head()
        method, path = request_line(head)
        request = head + b"".join(caller.request_body(head))
        passage = _Passage(self, caller, method, request)
        if call := self.server.name_of(method, path):
            caller.send(self.server.crossing.cross(call, passage))
        else:
            # Piece by piece: a stream of events has no end to wait for.
            for piece in passage.answer():
                caller.send(piece)


class _Passage:
    """One request, and how to have it answered."""

    def __init__(self, connection: _Connection, caller: Wire, method: str, request: bytes) -> None:
        self._connection = connection
        self._caller = caller
        self._method = method
        self._request = request
        self._held = False

    def pass_on(self) -> bytes:
        """The whole answer."""
        return b"".join(self.answer())

    def hold(self) -> None:
        """Return when the caller has hung up, or has waited for very long."""
        self._caller.wait_for_the_end(LONGEST_HOLD_SECONDS)
        self._held = True

    def is_alone(self) -> bool:
        """Whether the caller has hung up."""
        return self._caller.is_over()

    def answer(self) -> Iterator[bytes]:
        """The answer in pieces as they come. It is left when the caller leaves, unless it was held."""
        upstream = self._connection.upstream_now()
        upstream.peer = None if self._held else self._caller
        upstream.send(self._request)
        head = upstream.head()
        while status(head) < 200:
            yield head
            head = upstream.head()
        yield head
        yield from upstream.answer_body(head, self._method)


def _reset(sock: socket.socket) -> None:
    """Close it so that the other end hears "connection reset", as of a port where nobody is."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
