"""OpenTelemetry as this store uses it; imported only where traces are on."""

import atexit
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask, request
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.grpc import (
    GrpcInstrumentorClient,
    GrpcInstrumentorServer,
    filters,
)
from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagate import set_global_textmap
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from store.server.telemetry.spans import RedactingExporter, WorkSampler

_DEFAULTS = {
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.05",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
    # Spans are written down in the loop that serves requests: few at a time.
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "128",
}
_FLUSH_SECONDS = 3.0
"""How long a process that leaves waits for the collector to take the last spans."""

_QUIET_SECONDS = 60.0
_W3C = TraceContextTextMapPropagator()
_log = logging.getLogger(__name__)


class Tracer:
    """Spans of one process, and of the libraries it calls and answers with."""

    def __init__(self, service: str) -> None:
        """Begin; the environment's own OTEL_* variables come before our defaults."""
        for name, value in _DEFAULTS.items():
            os.environ.setdefault(name, value)
        logger = logging.getLogger("opentelemetry")
        logger.handlers, logger.propagate = [RareWarnings()], False
        self._provider = TracerProvider(resource=_resource(service), shutdown_on_exit=False)
        self._provider.sampler = WorkSampler(self._provider.sampler)
        self._provider.add_span_processor(BatchSpanProcessor(RedactingExporter(OTLPSpanExporter())))
        self._tracer = self._provider.get_tracer("store")
        trace.set_tracer_provider(self._provider)
        set_global_textmap(_W3C)
        _instrument_libraries()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Send what is left, for a bounded time."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(_FLUSH_SECONDS)

    def trace_app(self, app: Flask) -> None:
        """Give each request to the application a span."""
        untyped: Any = FlaskInstrumentor
        untyped.instrument_app(
            app, request_hook=_name_by_route, excluded_urls="", enable_commenter=False
        )

    @contextmanager
    def span(self, name: str, traceparent: str, attributes: Mapping[str, Any]) -> Iterator[None]:
        """The block as a span: see `traces.span`."""
        context, links = _parent(traceparent)
        with self._tracer.start_as_current_span(name, context, attributes=attributes, links=links):
            yield

    def note(self, attributes: Mapping[str, Any]) -> None:
        """Add attributes to the span at hand."""
        trace.get_current_span().set_attributes(attributes)

    def current_traceparent(self) -> str:
        """The span at hand; empty outside of one."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get("traceparent", "")

    def sampled_trace_id(self) -> str:
        """The trace of the span at hand, if it is sampled."""
        found = trace.get_current_span().get_span_context()
        return trace.format_trace_id(found.trace_id) if found.trace_flags.sampled else ""


class RareWarnings(logging.Handler):
    """Says once a minute what troubles OpenTelemetry: a dead collector must not fill the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._next_at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as a warning of ours, unless one was written within a minute."""
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + _QUIET_SECONDS
            _log.warning("tracing has trouble, requests have not: %s", record.getMessage())


def _resource(service: str) -> Resource:
    named = {"service.version": os.environ.get("VERSION", "dev")}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        named["service.name"] = service
    return Resource.create(named)


def _instrument_libraries() -> None:
    # Health checks are no work. The classes have no types.
    work = filters.negate(filters.health_check())
    rpc: tuple[Any, Any] = GrpcInstrumentorServer, GrpcInstrumentorClient
    for instrumentor in rpc:
        instrumentor(work).instrument()
    RequestsInstrumentor().instrument()
    Psycopg2Instrumentor().instrument()


def _name_by_route(span: trace.Span, _environ: object) -> None:
    # Without a route the instrumentation would name the span by the path, which may hold a secret.
    if request.url_rule is None:
        span.update_name("unmatched")


def _parent(traceparent: str) -> tuple[Context | None, list[Link]]:
    """Where a new span belongs: None is the span at hand."""
    if not traceparent:
        return None, []
    kept = _W3C.extract({"traceparent": traceparent})
    wanted = trace.get_current_span(kept).get_span_context()
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return kept, []
    return (None, []) if found.trace_id == wanted.trace_id else (kept, [Link(found)])
