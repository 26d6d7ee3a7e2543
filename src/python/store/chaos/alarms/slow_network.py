"""A road to a server on which everything that is sent takes its time."""

import contextlib
import queue
import socket
import socketserver
import threading
import time

from store.chaos.listener import HOST, Listener

AT_ONCE = 65_536
CONNECT_SECONDS = 2.0

Piece = tuple[float, bytes]


class SlowRoad(Listener):
    """A port that leads to another one; what callers send arrives `delay` seconds later.

    Answers come back at once. No delay at first. What is on its way when the delay changes keeps its
    order.
    """

    def __init__(self, upstream_port: int) -> None:
        super().__init__(_Traveller)
        self.upstream_port = upstream_port
        self.delay = 0.0

    @property
    def address(self) -> str:
        """What callers are told instead of the server's own."""
        return f"{HOST}:{self.port}"


class _Traveller(socketserver.BaseRequestHandler):
    """One connection there and back."""

    server: SlowRoad
    request: socket.socket

    def handle(self) -> None:
        """Carry until either side hangs up."""
        try:
            upstream = socket.create_connection((HOST, self.server.upstream_port), CONNECT_SECONDS)
        except OSError:
            return
        upstream.settimeout(None)
        self.server.keep(upstream)
        under_way: queue.Queue[Piece] = queue.Queue()
        back = threading.Thread(target=_carry_back, args=(upstream, self.request))
        late = threading.Thread(target=_hand_over, args=(under_way, upstream))
        for thread in (back, late):
            thread.start()
        self._take_in(under_way)
        for thread in (late, back):
            thread.join()
        self.server.drop(upstream)

    def _take_in(self, under_way: "queue.Queue[Piece]") -> None:
        data = b"."
        while data:
            data = _received(self.request)
            due = time.monotonic() + (self.server.delay if data else 0.0)
            under_way.put((due, data))


def _hand_over(under_way: "queue.Queue[Piece]", upstream: socket.socket) -> None:
    """Send each piece when its time has come; the empty one is the last."""
    while True:
        due, data = under_way.get()
        if not data:
            break
        time.sleep(max(0.0, due - time.monotonic()))
        with contextlib.suppress(OSError):
            upstream.sendall(data)
    _hang_up(upstream)


def _carry_back(upstream: socket.socket, caller: socket.socket) -> None:
    while data := _received(upstream):
        with contextlib.suppress(OSError):
            caller.sendall(data)
    _hang_up(caller)


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(AT_ONCE)
    except OSError:
        return b""


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
