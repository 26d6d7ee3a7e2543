"""Traces of real processes; what nothing may cost that nobody asked for, and what may not be sent."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from store.server.grpc.testing import RunningProgram, free_port, running, wait_until
from store.server.telemetry import traces

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}
PROGRAM = """
from store.server.process.commands import run

def serve():
    from store.server.process.gevent_patch import patch_gevent
    patch_gevent()

    import os, sys
    from flask import Response
    from store.server.telemetry import context, traces
    from store.server.http.blueprint import Blueprint
    from store.server.environ import Environ
    from store.server.process.gunicorn import HttpConfig, serve_http
    from store.server.telemetry.logs import set_up_logs
    from store.server.http.web import create_app

    set_up_logs("test")
    routes = Blueprint("routes", __name__)

    @routes.get("/shelves/<name>")
    def shelf(name):
        with traces.span("look", **{"order.id": "o1", "token": name}):
            traces.note(**{"order.step": f"for {name}"})
            return context.outgoing() | {"sampled": traces.sampled_trace_id()}

    @routes.get("/stream")
    def stream():
        def parts():
            yield "first "
            yield "last"
        return Response(parts())

    @routes.get("/broken")
    def broken():
        with traces.span("breaking"):
            raise ValueError("ada@example.org has password=hunter2")

    @routes.get("/modules")
    def modules():
        return {"loaded": [name for name in sys.modules if name.startswith("opentelemetry")]}

    http = HttpConfig.from_environ(Environ(os.environ))
    serve_http("test", lambda: create_app("test", title="Test", blueprints=[routes]), http, {})

run("test", {"serve": serve})
"""


class Receiver:
    """Takes spans, as a collector does."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, request: ExportTraceServiceRequest) -> None:
        for part in request.resource_spans:
            self.services |= {f"{one.key}={one.value.string_value}"
                              for one in part.resource.attributes}  # fmt: skip
            self.spans += [span for scope in part.scope_spans for span in scope.spans]

    def named(self, name: str) -> Span:
        """The one span of this name."""
        (found,) = (span for span in self.spans if span.name == name)
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def traced(receiver: Receiver) -> Iterator[RunningProgram]:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "VERSION": "1.2.3"}
    with running(PROGRAM, "serve", **environ) as program:
        wait_until(program.is_ready)
        yield program


def ask(program: RunningProgram, path: str, trace: dict[str, str] = SAMPLED) -> requests.Response:
    return requests.get(program.url + path, headers=trace, timeout=10)


def test_off_nothing_of_opentelemetry_is_imported() -> None:
    with running(PROGRAM, "serve") as program:
        wait_until(program.is_ready)
        assert ask(program, "/modules").json() == {"loaded": []}
        answer = ask(program, "/shelves/mugs").json()
    assert answer["traceparent"] == SAMPLED["traceparent"]
    assert answer["sampled"] == ""


def test_the_worker_and_the_rpc_server_do_not_import_it_either() -> None:
    names = "store.server.process.worker, store.server.grpc.server, store.server.grpc.channel, store.server.outbound.http_client"
    program = f"import sys, {names}; print([n for n in sys.modules if n.startswith('opentel')])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_a_request_continues_its_callers_trace(traced: RunningProgram, receiver: Receiver) -> None:
    answer = ask(traced, "/shelves/mugs").json()
    # Told when it ends at the latest: nothing is lost by stopping a process.
    assert traced.leave(signal.SIGTERM) == 0
    request, work = receiver.named("GET /shelves/<name>"), receiver.named("look")
    assert request.trace_id.hex() == work.trace_id.hex() == TRACE == answer["sampled"]
    assert (request.parent_span_id.hex(), work.parent_span_id) == (
        "00f067aa0ba902b7",
        request.span_id,
    )
    assert answer["traceparent"] == f"00-{TRACE}-{work.span_id.hex()}-01"
    assert {"service.name=test", "service.version=1.2.3"} <= receiver.services
    assert f'"trace_id":"{TRACE}"' in traced.said()


def test_what_the_caller_does_not_keep_is_not_kept(
    traced: RunningProgram, receiver: Receiver
) -> None:
    answer = ask(traced, "/shelves/mugs", UNSAMPLED).json()
    assert answer["traceparent"].startswith(f"00-{TRACE}-")
    assert answer["traceparent"].endswith("-00")
    assert answer["sampled"] == ""
    assert traced.leave(signal.SIGTERM) == 0
    assert receiver.spans == []


def test_the_ops_port_is_not_traced(traced: RunningProgram, receiver: Receiver) -> None:
    for path in ("/live", "/metrics"):
        assert requests.get(traced.ops + path, headers=SAMPLED, timeout=10).ok
    assert traced.leave(signal.SIGTERM) == 0
    assert receiver.spans == []


def test_spans_hold_neither_paths_nor_secrets_nor_e_mails(
    traced: RunningProgram, receiver: Receiver
) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.e30.hunter2"
    ask(traced, f"/shelves/{token}?q=hunter2", {**SAMPLED, "Authorization": "Bearer hunter2"})
    assert ask(traced, "/broken").status_code == 500
    ask(traced, "/hunter2")
    assert traced.leave(signal.SIGTERM) == 0
    assert {span.name for span in receiver.spans} == {
        *("GET /shelves/<name>", "look", "GET /broken", "breaking", "unmatched"),
    }
    everything = str(receiver.spans)
    assert "ValueError" in everything
    assert "hunter2" not in everything
    assert "ada@" not in everything


def test_a_stream_is_traced_until_it_begins(traced: RunningProgram, receiver: Receiver) -> None:
    assert ask(traced, "/stream").text == "first last"
    assert traced.leave(signal.SIGTERM) == 0
    assert receiver.named("GET /stream").trace_id.hex() == TRACE
    assert "Traceback" not in traced.said()


def test_a_collector_that_is_away_is_one_line_and_slows_nothing() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_BSP_MAX_QUEUE_SIZE": "128",
    }
    with running(PROGRAM, "serve", **environ) as program:
        wait_until(program.is_ready)
        assert all(ask(program, "/shelves/mugs").ok for _ in range(200))
        wait_until(lambda: "tracing has trouble" in program.said())
        began = time.monotonic()
        assert program.leave(signal.SIGTERM) == 0
        assert time.monotonic() - began < 8
        assert program.said().count("WARNING") == 1
        assert "ERROR" not in program.said()


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "True"}, False),
    ],
)
def test_it_is_on_when_a_collector_is_named(environ: dict[str, str], on: bool) -> None:
    assert traces.is_wanted(environ) is on
