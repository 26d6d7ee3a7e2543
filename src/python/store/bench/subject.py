"""The program that is measured, one process for each variant: served as every service is."""

import sys

from store.server.process.gevent_patch import patch_gevent


def main() -> None:
    """Serve the application that the first argument names, until SIGTERM."""
    patch_gevent()
    from store.bench.app import APPS
    from store.server.process.gunicorn import HttpConfig, serve_http
    from store.server.telemetry.logs import environ_of

    http = HttpConfig.from_environ(environ_of("cost"))
    serve_http("cost", APPS[sys.argv[1]], http, ready={})


if __name__ == "__main__":
    main()
