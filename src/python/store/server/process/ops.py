"""The ops port: /live, /ready and /metrics."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import orjson

from store.metrics.exposition import metrics_page
from store.metrics.process import describe_process
from store.server.environ import Environ
from store.server.process.readiness import Check, Checks
from store.server.process.sockets import listen

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class OpsConfig:
    """Where the ops port listens."""

    bind: str = "0.0.0.0"  # noqa: S104 - containers are reached from outside
    ops_port: int = 9000

    @classmethod
    def from_environ(cls, env: Environ) -> "OpsConfig":
        """BIND and OPS_PORT."""
        return cls(env.text("BIND", cls.bind), env.whole("OPS_PORT", cls.ops_port, most=65535))


def ops_app(ready: Mapping[str, Check]) -> WsgiApp:
    """The WSGI application of the ops port; `ready` names what /ready asks.

    From here on the process measures itself; VERSION in the environment is set by its image.
    """
    describe_process(os.environ.get("VERSION") or "dev")
    checks = Checks(ready)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, content_type, body = _answer(environ, checks)
        length = str(len(body))
        start_response(status, [("Content-Type", content_type), ("Content-Length", length)])
        return [body]

    return app


def _answer(environ: dict[str, Any], checks: Checks) -> tuple[str, str, bytes]:
    match environ.get("PATH_INFO"):
        case "/live":
            return "200 OK", "application/json", b'{"live":true}'
        case "/ready":
            failing = checks.failing()
            status = "503 Service Unavailable" if failing else "200 OK"
            body = orjson.dumps({"ready": not failing, "failing": failing})
            return status, "application/json", body
        case "/metrics":
            content_type, body = metrics_page(environ.get("HTTP_ACCEPT"))
            return "200 OK", content_type, body
    return "404 Not Found", "text/plain", b"/live /ready /metrics\n"


def start_ops(bind: str, port: int, ready: Mapping[str, Check]) -> WSGIServer:
    """Serve the ops port in a thread, for processes that are not gunicorn's."""
    server = _Server((bind, port), _QuietHandler, bind_and_activate=False)
    server.socket.close()
    # Bound here, since the library's own way asks DNS for the name of this machine.
    server.socket = listen(bind, port)
    server.server_name, server.server_port = bind, server.socket.getsockname()[1]
    server.setup_environ()
    server.set_app(ops_app(ready))
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True, name="ops").start()
    return server


def stop_ops(server: WSGIServer) -> None:
    """Close the ops port."""
    server.shutdown()
    server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """A probe that hangs up is not news."""


class _QuietHandler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, *_args: object) -> None:
        """Probes come every few seconds; they are not news."""
