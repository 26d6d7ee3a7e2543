"""A quick load generator: raw sockets, kept alive, each with one request under way at a time."""

import selectors
import socket
import time
from typing import Self

from store.bench.errors import CannotMeasure
from store.devstack.ports import HOST

REQUEST = b"GET /v1/things/mug HTTP/1.1\r\nHost: cost\r\nAccept: application/json\r\n\r\n"
TIMEOUT_SECONDS = 10.0


class Load:
    """Connections to one server. All answers are equally long: the first says how long."""

    def __init__(self, port: int, connections: int) -> None:
        self._waiting = selectors.DefaultSelector()
        self._sockets = [_connected(port) for _ in range(connections)]
        self._length = 0
        for each in self._sockets:
            self._length = _length_of_an_answer(each)
            self._waiting.register(each, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._waiting.close()
        for each in self._sockets:
            each.close()

    def turn(self, seconds: float) -> tuple[int, float]:
        """Ask for so long; how many requests were answered, and in how many seconds."""
        began = time.perf_counter()
        for connection in self._sockets:
            connection.send(REQUEST)
        answered, missing = 0, dict.fromkeys(self._sockets, self._length)
        while missing:
            goes_on = time.perf_counter() < began + seconds
            for connection in self._ready():
                missing[connection] -= _received(connection, missing[connection] == self._length)
                if missing[connection] > 0:
                    continue
                answered += 1
                if goes_on:
                    connection.send(REQUEST)
                    missing[connection] = self._length
                else:
                    del missing[connection]
        return answered, time.perf_counter() - began

    def _ready(self) -> list[socket.socket]:
        ready = self._waiting.select(TIMEOUT_SECONDS)
        if not ready:
            raise CannotMeasure("The server that is measured does not answer.")
        return [key.fileobj for key, _ in ready if isinstance(key.fileobj, socket.socket)]


def _connected(port: int) -> socket.socket:
    made = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _received(connection: socket.socket, is_beginning: bool) -> int:
    data = connection.recv(65_536)
    if not data or (is_beginning and not data.startswith(b"HTTP/1.1 200 ")):
        raise CannotMeasure(f"The server that is measured answered {data[:40]!r}.")
    return len(data)


def _length_of_an_answer(connection: socket.socket) -> int:
    connection.send(REQUEST)
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
    length = int(fields[b"content-length"])
    while len(body) < length:
        body += connection.recv(65_536)
    return len(head) + 4 + length
