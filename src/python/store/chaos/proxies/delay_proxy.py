"""A TCP proxy on which everything that callers send takes its time."""

import contextlib
import queue
import socket
import socketserver
import threading
import time

from store.chaos.proxies.listener import HOST, Listener, hang_up

CHUNK_BYTES = 65_536
CONNECT_SECONDS = 2.0

TimedChunk = tuple[float, bytes]


class DelayProxy(Listener):
    """A port that leads to another one; what callers send arrives `delay` seconds later.

    Answers come back at once. No delay at first. What is on its way when the delay changes keeps its
    order.
    """

    def __init__(self, upstream_port: int) -> None:
        super().__init__(_DelayedConnection)
        self.upstream_port = upstream_port
        self.delay = 0.0

    @property
    def address(self) -> str:
        """What callers are given instead of the server's own."""
        return f"{HOST}:{self.port}"


class _DelayedConnection(socketserver.BaseRequestHandler):
    server: DelayProxy
    request: socket.socket

    def handle(self) -> None:
        """Carry both ways until either side hangs up."""
        try:
            upstream = socket.create_connection((HOST, self.server.upstream_port), CONNECT_SECONDS)
        except OSError:
            return
        upstream.settimeout(None)
        self.server.track(upstream)
        chunks: queue.Queue[TimedChunk] = queue.Queue()
        answers = threading.Thread(target=_return_answers, args=(upstream, self.request))
        requests = threading.Thread(target=_send_when_due, args=(chunks, upstream))
        for thread in (answers, requests):
            thread.start()
        data = b"."
        while data:
            data = _received(self.request)
            chunks.put((time.monotonic() + (self.server.delay if data else 0.0), data))
        for thread in (requests, answers):
            thread.join()
        self.server.release(upstream)


def _send_when_due(chunks: "queue.Queue[TimedChunk]", upstream: socket.socket) -> None:
    """Send each chunk when its time has come; the empty one is the last."""
    while True:
        due, data = chunks.get()
        if not data:
            break
        time.sleep(max(0.0, due - time.monotonic()))
        with contextlib.suppress(OSError):
            upstream.sendall(data)
    hang_up(upstream)


def _return_answers(upstream: socket.socket, caller: socket.socket) -> None:
    while data := _received(upstream):
        with contextlib.suppress(OSError):
            caller.sendall(data)
    hang_up(caller)


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(CHUNK_BYTES)
    except OSError:
        return b""
