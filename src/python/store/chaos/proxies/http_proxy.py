"""A fault proxy for HTTP: to every connection of the caller belongs one to the other side."""

import socket
import socketserver
import struct
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from store.chaos.proxies.interceptor import MAX_HOLD_SECONDS, ConnectionCut, Interceptor
from store.chaos.proxies.listener import HOST, Listener
from store.chaos.proxies.wire import ConnectionEnded, HttpWire, request_line, status

CONNECT_SECONDS = 2.0

CallNamer = Callable[[str, str], str | None]


class HttpProxy(Listener):
    """A port of the caller's own. `name_of` says which call a method and a path are."""

    def __init__(self, interceptor: Interceptor, upstream: str, name_of: CallNamer) -> None:
        super().__init__(_Connection)
        address = urlsplit(upstream)
        self.interceptor = interceptor
        self.name_of = name_of
        self._upstream = (address.hostname or HOST, address.port or 80)

    @property
    def url(self) -> str:
        """What the caller is given instead of the other side's address."""
        return f"http://{HOST}:{self.port}"

    def connect(self) -> HttpWire:
        """A wire to the other side; the caller is refused if nobody is there."""
        try:
            sock = socket.create_connection(self._upstream, CONNECT_SECONDS)
        except OSError as error:
            raise ConnectionCut(refused=True) from error
        self.track(sock)
        return HttpWire(sock)


class _Connection(socketserver.BaseRequestHandler):
    """A connection of the caller's, and the one that belongs to it."""

    server: HttpProxy
    request: socket.socket
    upstream: HttpWire

    def handle(self) -> None:
        """Carry messages to and fro until one side hangs up; the other side is then left, too."""
        try:
            caller, self.upstream = HttpWire(self.request), self.server.connect()
            try:
                while True:
                    self._forward_request(caller)
            finally:
                self.server.release(self.upstream.sock)
        except ConnectionCut as cut:
            if cut.refused:
                # The other end is to hear "connection reset", as of a port where nobody listens.
                linger = struct.pack("ii", 1, 0)
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.request.close()
        except (ConnectionEnded, OSError):
            return

    def live_upstream(self) -> HttpWire:
        """The wire to the other side; a new one if that has hung up meanwhile."""
        if self.upstream.is_over():
            self.server.release(self.upstream.sock)
            self.upstream = self.server.connect()
        return self.upstream

    def _forward_request(self, caller: HttpWire) -> None:
        caller.peer = self.upstream
        head = caller.head()
        method, path = request_line(head)
        request = head + b"".join(caller.request_body(head))
        call = _HttpCall(self, caller, method, request)
        if name := self.server.name_of(method, path):
            caller.send(self.server.interceptor.intercept(name, call))
        else:
            # Piece by piece: a stream of events has no end to wait for.
            for piece in call.answer():
                caller.send(piece)


class _HttpCall:
    """One request, and how to have it answered."""

    def __init__(
        self, connection: _Connection, caller: HttpWire, method: str, request: bytes
    ) -> None:
        self._connection, self._caller = connection, caller
        self._method, self._request = method, request
        self._held = False

    def forward(self) -> bytes:
        """The whole answer."""
        return b"".join(self.answer())

    def hold(self) -> None:
        """Return when the caller has hung up, or has waited for very long."""
        self._caller.wait_for_the_end(MAX_HOLD_SECONDS)
        self._held = True

    def is_abandoned(self) -> bool:
        """Whether the caller has hung up."""
        return self._caller.is_over()

    def answer(self) -> Iterator[bytes]:
        """The answer in pieces as they come. It is left when the caller leaves, unless it was held."""
        upstream = self._connection.live_upstream()
        upstream.peer = None if self._held else self._caller
        upstream.send(self._request)
        head = upstream.head()
        while status(head) < 200:
            yield head
            head = upstream.head()
        yield head
        yield from upstream.answer_body(head, self._method)
