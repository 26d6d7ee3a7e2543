"""A server in threads on the loopback that leaves nothing behind: no thread, no connection."""

import contextlib
import socket
import socketserver
import threading
from typing import Any

HOST = "127.0.0.1"


class Listener(socketserver.ThreadingTCPServer):
    """Listens on a free port while its block lasts; every connection has a thread."""

    request_queue_size = 1024
    daemon_threads = False
    block_on_close = True

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__((HOST, 0), handler)
        self.leaving = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.leaving.set()
        self.shutdown()
        self._thread.join()
        with self._lock:
            for sock in self._open:
                _hang_up(sock)
        self.server_close()

    def keep(self, sock: socket.socket) -> None:
        """Hang up this connection, too, when the block is left."""
        with self._lock:
            self._open.add(sock)
            if self.leaving.is_set():
                _hang_up(sock)

    def drop(self, sock: socket.socket) -> None:
        """Close a connection that was kept."""
        with self._lock:
            self._open.discard(sock)
        sock.close()

    def handle_error(self, _request: object, _client_address: object) -> None:
        """What nobody expected ends the thread loudly."""
        raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection before its thread begins."""
        self.keep(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The connection's thread has ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
