"""Traces: one order is one trace, whoever takes its steps. Off unless the environment names a collector.

What rules them are OpenTelemetry's own variables; with OTEL_EXPORTER_OTLP_ENDPOINT (or
OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) they are on, unless OTEL_SDK_DISABLED is true. Off, nothing of
OpenTelemetry is imported. Source: opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables.
"""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from store.metrics import exemplars

if TYPE_CHECKING:
    from store.server.telemetry.tracer import Tracer

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NOTHING: AbstractContextManager[None] = nullcontext()

_tracer: "Tracer | None" = None


def start(service: str) -> None:
    """Trace this process from now on if the environment wants it. Call it once, after the fork."""
    global _tracer
    if _tracer is None and is_wanted(os.environ):
        from store.server.telemetry.tracer import Tracer

        _tracer = Tracer(service)
        exemplars.set_source(sampled_trace_id)


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Whether a collector is named and the SDK is not switched off."""
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not disabled and any(environ.get(name, "").strip() for name in _ENDPOINTS)


def is_on() -> bool:
    """Whether this process traces."""
    return _tracer is not None


def trace_app(app: Any) -> None:
    """Give each request to a Flask application a span; before it has hooks of its own."""
    if _tracer is not None:
        _tracer.trace_app(app)


def span(name: str, *, traceparent: str = "", **attributes: Any) -> AbstractContextManager[None]:
    """A piece of work within the span at hand, or within a trace that began elsewhere.

    If both are there and differ, the trace that is named has the work, with a link to the other.
    """
    return _NOTHING if _tracer is None else _tracer.span(name, traceparent, attributes)


def note(**attributes: Any) -> None:
    """Add to what the span at hand says."""
    if _tracer is not None:
        _tracer.note(attributes)


def current_traceparent() -> str:
    """The span at hand, as W3C Trace Context writes it; empty outside of one."""
    return "" if _tracer is None else _tracer.current_traceparent()


def sampled_trace_id() -> str:
    """The id of the trace at hand if it is being kept, else empty."""
    return "" if _tracer is None else _tracer.sampled_trace_id()
