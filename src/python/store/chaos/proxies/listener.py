"""A server in threads that leaves nothing behind: no thread, no connection."""

import contextlib
import socket
import socketserver
import threading
from typing import Any, Self

HOST = "127.0.0.1"


class Listener(socketserver.ThreadingTCPServer):
    """Listens while its block lasts, on a free port unless one is given. A thread per connection.

    On the loopback, unless it is given an address of this machine that others can reach.
    """

    request_queue_size = 1024
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True

    def __init__(
        self, handler: type[socketserver.BaseRequestHandler], port: int = 0, host: str = HOST
    ) -> None:
        super().__init__((host, port), handler)
        self.leaving = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._serve)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def host(self) -> str:
        return str(self.server_address[0])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.leaving.set()
        # Nobody polls: a last connection wakes the thread that waits for one.
        socket.create_connection((self.host, self.port)).close()
        self._thread.join()
        with self._lock:
            for sock in self._open:
                hang_up(sock)
        self.server_close()

    def track(self, sock: socket.socket) -> None:
        """Hang up this connection, too, when the block is left."""
        with self._lock:
            self._open.add(sock)
            if self.leaving.is_set():
                hang_up(sock)

    def release(self, sock: socket.socket) -> None:
        """Close a connection that was tracked."""
        with self._lock:
            self._open.discard(sock)
        sock.close()

    def handle_error(self, _request: object, _client_address: object) -> None:
        """An unexpected error ends the thread with its traceback."""
        raise

    def verify_request(self, _request: object, _client_address: object) -> bool:
        """Accept no connection while leaving."""
        return not self.leaving.is_set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Track the connection before its thread begins."""
        self.track(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The connection's thread has ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def _serve(self) -> None:
        while not self.leaving.is_set():
            self.handle_request()


def hang_up(sock: socket.socket) -> None:
    """End a connection both ways, so that whoever reads from it wakes; it is closed later."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
