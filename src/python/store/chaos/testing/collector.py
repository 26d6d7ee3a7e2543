"""A collector of traces for tests: it receives what processes send by OTLP/HTTP."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Span:
    """A span as it was sent. Ids are hexadecimal, as in logs; `parent_id` is empty at a root.

    `events` are names with attributes.
    """

    name: str
    service: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: Mapping[str, Any]
    events: tuple[tuple[str, Mapping[str, Any]], ...]
    status: str

    @property
    def text(self) -> str:
        """All of it as one text, in which to look for what must not be there."""
        return f"{self.name} {self.status} {dict(self.attributes)} {self.events}"


class Collector:
    """Within the block it listens at `url`, for OTEL_EXPORTER_OTLP_ENDPOINT, on this machine."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def environ(self) -> dict[str, str]:
        """What a process's environment says so that all its traces come here, soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_TRACES_SAMPLER": "parentbased_always_on",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }

    def spans(self) -> list[Span]:
        """All that has been received so far."""
        return list(self._spans)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        received = self._spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.extend(_spans_of(ExportTraceServiceRequest.FromString(body)))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        return Handler


def _spans_of(request: ExportTraceServiceRequest) -> Iterable[Span]:
    for part in request.resource_spans:
        service = _attributes(part.resource.attributes)["service.name"]
        yield from (_span(sent, service) for scope in part.scope_spans for sent in scope.spans)


def _span(sent: Any, service: str) -> Span:
    return Span(
        name=sent.name,
        service=service,
        trace_id=sent.trace_id.hex(),
        span_id=sent.span_id.hex(),
        parent_id=sent.parent_span_id.hex(),
        attributes=_attributes(sent.attributes),
        events=tuple((event.name, _attributes(event.attributes)) for event in sent.events),
        status=sent.status.message,
    )


def _attributes(sent: Iterable[Any]) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in sent}
