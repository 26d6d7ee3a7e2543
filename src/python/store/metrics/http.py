"""Requests answered over HTTP."""

import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from flask import Flask
from prometheus_client import Gauge, Histogram
from prometheus_flask_exporter import PrometheusMetrics

from store.metrics.exemplars import exemplar

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

SECONDS = Histogram(
    "http_request_duration_seconds",
    "Seconds until a request was answered; for a stream, until it began.",
    ("method", "route", "status"),
    buckets=BUCKETS,
)
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered, streams among them.")
Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

answering: set[object] = set()
"""One thing for each request being answered. The server puts it in, and takes it out whatever
happens to the request, so the gauge cannot drift."""

IN_FLIGHT.set_function(lambda: len(answering))


def measure_http(app: Flask) -> None:
    """Count and time the app's requests by method, route and status."""
    RouteMetrics(app, path=None)


class RouteMetrics(PrometheusMetrics):
    """prometheus-flask-exporter with cheaper default metrics.

    The stock ones look two metrics up by their labels at every request, which costs more than the
    rest of the exporter. Here is one histogram, whose count is the number of requests, and each of
    its children is looked up once. Metrics belong to the process, however many apps live in it.
    """

    def export_defaults(self, *_args: Any, app: Flask, **_kwargs: Any) -> None:
        """Time every request of the app."""
        app.wsgi_app = _timed(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _timed(answer: Wsgi) -> Wsgi:
    """Around the application, which costs a third of Flask's hooks for the same."""

    def timed(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        began = time.perf_counter()

        def start(status: str, *rest: Any) -> Any:
            # Werkzeug leaves it there; Flask's own `request` is a proxy, which costs a microsecond.
            rule, method = environ["werkzeug.request"].url_rule, environ["REQUEST_METHOD"]
            # The template of the route and never the path, which has no end of values.
            route = rule.rule if rule else "unmatched"
            child = _child(method if method in METHODS else "other", route, status[:3])
            child.observe(time.perf_counter() - began, exemplar())
            return start_response(status, *rest)

        return answer(environ, start)

    return timed


@lru_cache(4096)
def _child(method: str, route: str, status: str) -> Histogram:
    return SECONDS.labels(method, route, status)
