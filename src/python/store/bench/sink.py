"""Where spans go while the cost is measured: taken, counted and forgotten."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from store.devstack.ports import HOST


class Sink:
    """Within the block it answers every POST at `url`; `taken` is how many bytes came."""

    def __init__(self) -> None:
        self._server = _SinkServer((HOST, 0), _SinkHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def taken(self) -> int:
        return self._server.taken

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _SinkServer(ThreadingHTTPServer):
    daemon_threads = True
    taken = 0


class _SinkHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _SinkServer

    def do_POST(self) -> None:
        self.server.taken += len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Nobody wants to know."""
