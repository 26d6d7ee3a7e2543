"""HTTP/1.1 messages as they are on the wire: found where they end, and changed in nothing."""

import re
import select
import socket
from collections.abc import Iterator

TIMEOUT_SECONDS = 120.0
_PIECE = 65_536
_MAX_LINE = 1_000_000
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t;\r]")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)


class ConnectionEnded(Exception):
    """The connection has come to its end where another byte was needed."""


class HttpWire:
    """One side of a connection, read message by message."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(TIMEOUT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.peer: HttpWire | None = None
        """While this is set, waiting for bytes ends when the peer hangs up, too."""
        self._read = b""

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def head(self) -> bytes:
        """A message's first line and headers, up to and with the empty line."""
        return self._until(b"\r\n\r\n")

    def request_body(self, head: bytes) -> Iterator[bytes]:
        """What comes after a request's head (RFC 9112, section 6.3)."""
        return self._body(head, otherwise=0)

    def answer_body(self, head: bytes, method: str) -> Iterator[bytes]:
        """What comes after the head of an answer to such a request."""
        if method == "HEAD" or status(head) in (204, 304):
            return iter(())
        return self._body(head, otherwise=None)

    def hung_up(self) -> bool:
        """Whether the other end is gone, asked when there is something to read."""
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def is_over(self) -> bool:
        """Whether the other end is gone already."""
        return bool(_readable(0, self.sock)) and self.hung_up()

    def wait_for_the_end(self, seconds: float) -> None:
        """Return when the other end hangs up, or after so many seconds."""
        _readable(seconds, self.sock)

    def _body(self, head: bytes, otherwise: int | None) -> Iterator[bytes]:
        if _CHUNKED.search(head):
            return self._chunks()
        length = int(found[1]) if (found := _LENGTH.search(head)) else otherwise
        return self._to_the_end() if length is None else self._exactly(length)

    def _chunks(self) -> Iterator[bytes]:
        size = -1
        while size:
            line = self._until(b"\r\n")
            if not (found := _SIZE.match(line)):
                raise ConnectionEnded
            size = int(found[1], 16)
            yield line
            if size:
                yield from self._exactly(size + 2)
        while line != b"\r\n":
            line = self._until(b"\r\n")
            yield line

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self._piece()
            piece, self._read = piece[:length], piece[length:]
            length -= len(piece)
            yield piece

    def _to_the_end(self) -> Iterator[bytes]:
        try:
            while True:
                yield self._piece()
        except ConnectionEnded:
            return

    def _until(self, mark: bytes) -> bytes:
        while (end := self._read.find(mark)) < 0:
            if len(self._read) > _MAX_LINE:
                raise ConnectionEnded
            self._read += self._receive()
        end += len(mark)
        taken, self._read = self._read[:end], self._read[end:]
        return taken

    def _piece(self) -> bytes:
        if self._read:
            piece, self._read = self._read, b""
            return piece
        return self._receive()

    def _receive(self) -> bytes:
        if self.peer:
            ready = _readable(TIMEOUT_SECONDS, self.sock, self.peer.sock)
            if self.sock.fileno() not in ready and (not ready or self.peer.hung_up()):
                raise ConnectionEnded
        if data := self.sock.recv(_PIECE):
            return data
        raise ConnectionEnded


def status(head: bytes) -> int:
    """The status code of an answer; ConnectionEnded if it is none."""
    try:
        return int(head.split(b" ", 2)[1])
    except (IndexError, ValueError):
        raise ConnectionEnded from None


def request_line(head: bytes) -> tuple[str, str]:
    """The method and the path of a request; ConnectionEnded if it is none."""
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(words) != 3:
        raise ConnectionEnded
    return words[0], words[1]


def _readable(seconds: float, *socks: socket.socket) -> set[int]:
    # poll, because select cannot watch descriptors above 1024.
    watch = select.poll()
    for sock in socks:
        watch.register(sock, select.POLLIN)
    return {number for number, _ in watch.poll(seconds * 1000)}
