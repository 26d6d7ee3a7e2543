"""Serve a Flask application: gunicorn with one gevent worker, and the ops port beside it."""

import gc
import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gevent
from flask import Flask
from gevent.pywsgi import WSGIServer
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.ggevent import GeventPyWSGIWorker

from store.server.environ import Environ
from store.server.outbound.backoff import seconds_to_wait
from store.server.process.connections import Handler, Server
from store.server.process.lifecycle import stopping
from store.server.process.ops import ops_app
from store.server.process.readiness import Check
from store.server.process.sockets import listen
from store.server.process.worker import LONGEST_REST_SECONDS
from store.server.telemetry import traces

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HttpConfig:
    """Where the public and the ops port listen, and how long requests in hand may take to end."""

    bind: str = "0.0.0.0"  # noqa: S104 - containers are reached from outside
    port: int = 8000
    ops_port: int = 9000
    graceful_seconds: int = 20

    @classmethod
    def from_environ(cls, env: Environ) -> "HttpConfig":
        """BIND, PORT and OPS_PORT."""
        return cls(
            bind=env.text("BIND", cls.bind),
            port=env.whole("PORT", cls.port, most=65535),
            ops_port=env.whole("OPS_PORT", cls.ops_port, most=65535),
        )


def serve_http(
    service: str,
    create_app: Callable[[], Flask],
    http: HttpConfig,
    ready: Mapping[str, Check],
    background: Sequence[Callable[[], None]] = (),
) -> None:
    """Serve until SIGTERM; then finish what is in hand and leave with exit code 0.

    `background` loops run in the worker from its start; they end when `lifecycle.stopping` is set.
    """
    application = Application(service, create_app, http, ready, background)
    # The worker shares the memory of what has been imported, as long as neither writes to it.
    gc.collect()
    gc.freeze()
    application.run()


class Application(BaseApplication):
    """gunicorn, configured from here: no command line, no configuration file."""

    def __init__(
        self,
        service: str,
        create_app: Callable[[], Flask],
        http: HttpConfig,
        ready: Mapping[str, Check],
        background: Sequence[Callable[[], None]],
    ) -> None:
        self.service = service
        self.create_app = create_app
        self.http = http
        self.ready = ready
        self.background = background
        self.listener = listen(http.bind, http.port)
        self.ops_listener = listen(http.bind, http.ops_port)
        super().__init__()

    def load_config(self) -> None:
        """One worker; the port is already ours, so that gunicorn does not try five times."""
        settings = {
            "bind": f"fd://{self.listener.detach()}",
            "proc_name": self.service,
            "workers": 1,
            "worker_class": Worker,
            "graceful_timeout": self.http.graceful_seconds,
            "logger_class": PlainLogger,
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, made in the worker."""
        traces.start(self.service)
        return self.create_app()


class PlainLogger(Logger):
    """gunicorn's log lines, through the root logger like everybody's."""

    def setup(self, cfg: Any) -> None:
        """Let records travel up to the root's handler."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True


class Worker(GeventPyWSGIWorker):
    """The process that does the work: public port, ops port and background loops."""

    server_class = Server
    wsgi_handler = Handler

    def init_signals(self) -> None:
        """Stop gracefully, and from gevent's loop: Python's own handlers may wait for its turn."""
        super().init_signals()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            gevent.signal_handler(number, stopping.set)

    def run(self) -> None:
        """Serve until SIGTERM, then finish what is in hand."""
        ops = WSGIServer(self.app.ops_listener, ops_app(self.app.ready), log=None, error_log=None)
        ops.start()
        servers = [self._server(sock) for sock in self.sockets]
        loops = [gevent.spawn(_keep_running, loop) for loop in self.app.background]
        _log.info("%s serves", self.app.service)
        while not stopping.wait(1.0):
            self.notify()
        self._leave(servers, loops)
        ops.stop(timeout=0)

    def _server(self, sock: Any) -> Server:
        sock.setblocking(1)
        pool = gevent.pool.Pool(self.worker_connections)
        server = self.server_class(
            sock, self.wsgi, spawn=pool, log=self.log, handler_class=self.wsgi_handler
        )
        server.start()
        return server

    def _leave(self, servers: list[Server], loops: list[Any]) -> None:
        ends = time.monotonic() + self.cfg.graceful_timeout
        drained = [server.drain(ends - time.monotonic()) for server in servers]
        gevent.joinall(loops, timeout=max(0, ends - time.monotonic()))
        if all(drained) and all(loop.dead for loop in loops):
            _log.info("%s has stopped", self.app.service)
            return
        _log.warning("%s stops in the middle of something", self.app.service)
        gevent.killall(loops, timeout=1)
        for server in servers:
            server.stop(timeout=1)


def _keep_running(loop: Callable[[], None]) -> None:
    failures = 0
    while not stopping.is_set():
        try:
            loop()
            return
        except Exception:
            failures += 1
            _log.exception("a background loop failed (%s in a row)", failures)
            stopping.wait(seconds_to_wait(failures, LONGEST_REST_SECONDS))
