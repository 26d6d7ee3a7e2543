"""Requests answered and calls made over HTTP."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import Histogram
from prometheus_flask_exporter import PrometheusMetrics

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

ANSWERED = Histogram(
    "http_request_duration_seconds",
    "Seconds until a request was answered.",
    ("method", "route", "status"),
    buckets=BUCKETS,
)
CALLED = Histogram(
    "http_client_request_duration_seconds",
    "Seconds until another server answered; status 0 when it did not.",
    ("client", "method", "status"),
    buckets=BUCKETS,
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def measure_http(app: Flask) -> None:
    """Count and time the app's requests by method, route and status."""
    RouteMetrics(app, path=None)


class RouteMetrics(PrometheusMetrics):
    """prometheus-flask-exporter with cheaper default hooks.

    The stock ones look two metrics up by their labels at every request, which costs more than the
    rest of the exporter. Here is one histogram, whose count is the number of requests, and each of
    its children is looked up once. Metrics belong to the process, however many apps live in it.
    """

    def export_defaults(self, *_args: Any, app: Flask, **_kwargs: Any) -> None:
        """Time every request of the app."""
        app.before_request(_begin)
        app.after_request(_observe)


def _begin() -> None:
    g.metrics_began = time.perf_counter()


def _observe(response: Response) -> Response:
    now = time.perf_counter()
    asked = request._get_current_object()  # type: ignore[attr-defined]
    method = asked.method if asked.method in METHODS else "other"
    # The template of the route and never the path, which has no end of values.
    route = asked.url_rule.rule if asked.url_rule else "unmatched"
    _child(method, route, response.status_code).observe(now - g.get("metrics_began", now))
    return response


@lru_cache(4096)
def _child(method: str, route: str, status: int) -> Histogram:
    return ANSWERED.labels(method, route, status)


@dataclass
class Outcome:
    """What became of a call."""

    status: int = 0


@contextmanager
def measure_call(client: str, method: str) -> Iterator[Outcome]:
    """Time a call that `client` makes; its status is 0 unless the block sets it."""
    outcome, began = Outcome(), time.perf_counter()
    try:
        yield outcome
    finally:
        seconds = time.perf_counter() - began
        CALLED.labels(client, method, outcome.status).observe(seconds)
