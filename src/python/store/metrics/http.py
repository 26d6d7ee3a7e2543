"""Requests answered and calls made over HTTP."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from prometheus_client import Histogram
from prometheus_flask_exporter import NO_PREFIX, PrometheusMetrics

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

CALLS = Histogram(
    "http_client_request_duration_seconds",
    "Seconds until another server answered.",
    ("method", "host", "status"),
    buckets=BUCKETS,
)


def measure_http(app: Flask) -> None:
    """Count and time the app's requests by method, route and status."""
    hooks = _hooks()
    app.before_request(hooks.before)
    app.after_request(hooks.after)
    app.teardown_request(hooks.teardown)


class _Hooks:
    """Looks like an app to the exporter, and keeps its hooks for the real ones."""

    before: Callable[..., Any]
    after: Callable[..., Any]
    teardown: Callable[..., Any]

    def before_request(self, hook: Callable[..., Any]) -> None:
        self.before = hook

    def after_request(self, hook: Callable[..., Any]) -> None:
        self.after = hook

    def teardown_request(self, hook: Callable[..., Any]) -> None:
        self.teardown = hook


@cache
def _hooks() -> _Hooks:
    # Made once: metrics belong to the process, however many apps live in it.
    hooks = _Hooks()
    exporter = PrometheusMetrics(None, path=None, export_defaults=False)
    exporter.export_defaults(BUCKETS, group_by=route, prefix=NO_PREFIX, app=hooks)
    return hooks


def route(request: Any) -> str:
    """The template of the route that answers; never the raw path, which has no end of values."""
    return str(request.url_rule or "unmatched")


@dataclass
class Outcome:
    """What became of a call."""

    status: int = 0


@contextmanager
def measure_call(method: str, url: str) -> Iterator[Outcome]:
    """Time a call to another server; its status is 0 unless the block sets it."""
    outcome, began = Outcome(), time.perf_counter()
    try:
        yield outcome
    finally:
        host = urlsplit(url).netloc.rpartition("@")[2]
        CALLS.labels(method, host, outcome.status).observe(time.perf_counter() - began)
