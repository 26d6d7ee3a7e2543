"""Which spans leave this process, and without what: nothing that may identify or unlock anything."""

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind, Status, get_current_span

from store.server.telemetry.redaction import MASK, redacted

# By name, so that a new version of an instrumentation cannot begin to send more. Not among them:
# paths and queries (they may hold one-time tokens), callers' addresses, headers, and what exceptions
# say (PostgreSQL's quote the row): that and the traceback stand in the log under the same trace id.
_SENT = frozenset({
    "http.request.method", "http.route", "http.response.status_code", "error.type",
    "rpc.system", "rpc.service", "rpc.method", "rpc.grpc.status_code",
    "db.system", "db.system.name", "db.name", "db.namespace", "db.statement", "db.query.text",
    "exception.type",
    "order.id", "order.step", "order.outcome", "order.attempt", "delivery.attempt",
})  # fmt: skip
# Of those that call us these are what the caller wrote into his Host header.
_SENT_OF_CALLS = _SENT | {"url.scheme", "server.address", "server.port"}
_E_MAIL = re.compile(r"[^\s@<>()\"'=,;:]+@[^\s@<>()\"'=,;:]+")


class RedactingExporter(SpanExporter):
    """Hands spans on with known attributes only, and their texts without secrets and e-mails."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send these spans, redacted."""
        return self._exporter.export([_cleaned(span) for span in spans])

    def shutdown(self) -> None:
        """Stop, also in the middle of waiting for a collector."""
        self._exporter.shutdown()


class WorkSampler(Sampler):
    """Samples as another one does, but never what a process asks on its own behalf.

    A query or call outside of any request or step is a loop that looks whether there is work.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        *rest: Any,
        **options: Any,
    ) -> SamplingResult:
        """Drop it if it is a lone question, else ask the other sampler."""
        parent = get_current_span(parent_context).get_span_context()
        if kind == SpanKind.CLIENT and not parent.is_valid:
            return SamplingResult(Decision.DROP)
        return self._sampler.should_sample(parent_context, trace_id, name, kind, *rest, **options)

    def get_description(self) -> str:
        """For people."""
        return f"WorkSampler{{{self._sampler.get_description()}}}"


def _cleaned(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=_text(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_known(
            span.attributes, _SENT if span.kind == SpanKind.SERVER else _SENT_OF_CALLS
        ),
        events=[
            Event(_text(one.name), _known(one.attributes, _SENT), one.timestamp)
            for one in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, _kind(span.status.description)),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _known(attributes: Mapping[str, Any] | None, known: Set[str]) -> dict[str, Any]:
    sent = ((name, value) for name, value in (attributes or {}).items() if name in known)
    return {name: _text(value) if isinstance(value, str) else value for name, value in sent}


def _kind(description: str | None) -> str | None:
    # "UniqueViolation: Key (email)=..." of an exception, as the SDK writes it down.
    return _text(description.partition(":")[0]) if description else None


def _text(said: str) -> str:
    clean = redacted(said)
    return _E_MAIL.sub(MASK, clean) if "@" in clean else clean
