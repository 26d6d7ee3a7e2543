import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
import requests
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from store.metrics.exposition import metrics_page
from store.server import context
from store.server.channel import RemoteError, Unanswered, errors_in_our_words, open_channel
from store.server.errors import Conflict, Invalid, NotFound, Unavailable
from store.server.rpc import make_server
from store.server.rpc_interceptors import Deadlines

NAME = "store.test.Echo"
METHOD = f"/{NAME}/Say"


class OutOfStock(Conflict):
    code = "out_of_stock"


class Differs(Conflict):
    code = "differs"
    rpc_code = "ALREADY_EXISTS"


class Closed(grpc.ServerInterceptor):
    """Stands for authentication: refuses whoever brings no key."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        if dict(details.invocation_metadata).get("key") == "good":
            return continuation(details)

        def refuse(_request: bytes, context_: grpc.ServicerContext) -> None:
            context_.abort(grpc.StatusCode.UNAUTHENTICATED, "No key.")

        return grpc.unary_unary_rpc_method_handler(refuse)


@contextmanager
def serving(say: Any, *interceptors: grpc.ServerInterceptor) -> Iterator[str]:
    def add(server: grpc.Server) -> None:
        handlers: dict[str, Any] = {"Say": grpc.unary_unary_rpc_method_handler(say)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))

    server = make_server(add, [NAME], interceptors)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def say_on(channel: grpc.Channel) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
    return channel.unary_unary(METHOD)


def call(address: str, request: bytes = b"hi", timeout: float | None = 5, **options: Any) -> bytes:
    metadata = options.pop("metadata", None)
    with open_channel(address, **options) as channel, errors_in_our_words():
        return say_on(channel)(request, timeout=timeout, metadata=metadata)


def failing(error: Exception) -> Any:
    def say(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        raise error

    return say


@pytest.fixture(autouse=True)
def no_context() -> Iterator[None]:
    yield
    context.request_id.set("")


def test_the_request_id_is_handed_on() -> None:
    def say(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        return context.request_id.get().encode()

    context.request_id.set("order-7")
    with serving(say) as address:
        assert call(address) == b"order-7"


def test_a_call_without_a_request_id_gets_one() -> None:
    def say(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        return context.request_id.get().encode()

    with serving(say) as address:
        assert len(call(address)) == 32


@pytest.mark.parametrize(
    ("error", "status", "code", "facts"),
    [
        (
            OutOfStock("1 left.", sku="MUG", left=1),
            409,
            "out_of_stock",
            {"sku": "MUG", "left": "1"},
        ),
        (Differs("Other lines."), 409, "differs", {}),
        (NotFound("No such SKU.", sku="X"), 404, "not_found", {"sku": "X"}),
        (
            Invalid("lines.0.sku", "Too long."),
            422,
            "invalid",
            {"errors": '[{"field":"lines.0.sku","reason":"Too long."}]'},
        ),
    ],
)
def test_a_definite_refusal_arrives_in_our_words(
    error: Exception, status: int, code: str, facts: dict[str, str]
) -> None:
    with serving(failing(error)) as address, pytest.raises(RemoteError) as caught:
        call(address)
    remote = caught.value
    assert (remote.status, remote.code, remote.facts) == (status, code, facts)
    assert remote.detail == str(error)


@pytest.mark.parametrize("error", [Unavailable("Too busy."), RuntimeError("password=hunter2")])
def test_what_is_no_refusal_leaves_the_outcome_open(error: Exception) -> None:
    with serving(failing(error)) as address, pytest.raises(Unanswered) as caught:
        call(address)
    assert caught.value.status == 503


def test_an_unexpected_error_tells_the_log_and_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(failing(RuntimeError("hunter2"))) as address, open_channel(address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            say_on(channel)(b"", timeout=5)
        assert caught.value.code() == grpc.StatusCode.INTERNAL
        assert "hunter2" not in f"{caught.value.details()} {caught.value.trailing_metadata()}"
    assert "RuntimeError: hunter2" in caplog.text


def test_nobody_there_leaves_the_outcome_open() -> None:
    with pytest.raises(Unanswered):
        call("127.0.0.1:1")


def test_a_deadline_leaves_the_outcome_open() -> None:
    go = threading.Event()

    def say(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        go.wait(10)
        return b""

    with serving(say) as address:
        with pytest.raises(Unanswered):
            call(address, timeout=0.2)
        go.set()


def test_a_call_without_a_deadline_is_given_one() -> None:
    cancelled = threading.Event()

    class Call:
        def time_remaining(self) -> None:
            return None

        def cancel(self) -> None:
            cancelled.set()

    def say(_request: object, _context: object) -> bool:
        return cancelled.wait(10)

    assert Deadlines(seconds=0.05).around(say, b"", Call(), METHOD) is True


def test_a_call_that_is_too_late_is_not_begun() -> None:
    began: list[int] = []
    go = threading.Event()

    def say(request: bytes, _context: grpc.ServicerContext) -> bytes:
        began.append(1)
        go.wait(10)
        return request

    with serving(say) as address, ThreadPoolExecutor(40) as pool:
        long = [pool.submit(call, address, timeout=10) for _ in range(32)]
        while len(began) < 32:
            assert not long[0].done()
        with pytest.raises(Unanswered):
            call(address, timeout=0.1)
        go.set()
        assert [one.result() for one in long] == [b"hi"] * 32
    assert len(began) == 32


def test_whoever_has_no_key_stays_outside() -> None:
    with serving(lambda request, _context: request, Closed()) as address:
        assert call(address, metadata=[("key", "good")]) == b"hi"
        # Our own key is wrong: that is not the buyer's fault, so it is no refusal of the order.
        with pytest.raises(Unanswered):
            call(address)


def test_only_safe_methods_are_tried_again() -> None:
    tried: list[int] = []

    def say(_request: bytes, context_: grpc.ServicerContext) -> bytes:
        tried.append(1)
        if len(tried) < 3:
            context_.abort(grpc.StatusCode.UNAVAILABLE, "soon")
        return b"at last"

    with serving(say) as address:
        with pytest.raises(Unanswered):
            call(address)
        assert len(tried) == 1
        assert call(address, safe=[f"{NAME}/Say"]) == b"at last"
    assert len(tried) == 3


def test_calls_are_measured_on_both_sides() -> None:
    with serving(failing(OutOfStock("Gone."))) as address, pytest.raises(RemoteError):
        call(address)
    page = metrics_page(None)[1].decode()
    for side in ("server", "client"):
        name = f"rpc_{side}_duration_seconds_count"
        assert f'{name}{{code="FAILED_PRECONDITION",method="{METHOD}"}}' in page


def test_a_message_over_the_limit_is_refused() -> None:
    with serving(lambda request, _context: request) as address, pytest.raises(Unanswered):
        call(address, b"a" * 1_100_000)


def test_health_and_reflection_answer() -> None:
    with serving(failing(NotFound("x"))) as address, grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", NAME):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflect = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        (listed,) = reflect.ServerReflectionInfo(iter([asked]), timeout=5)
    assert NAME in {service.name for service in listed.list_services_response.service}


def test_a_channel_is_made_at_its_first_call() -> None:
    channel = open_channel("127.0.0.1:1")
    channel.unary_unary(METHOD)
    assert "real" not in vars(channel)
    channel.close()


PROGRAM = """
import os, threading
import grpc
from store.server.rpc import RpcConfig, serve_rpc

go = threading.Event()

def add(server):
    def say(request, context):
        print("called", flush=True)
        go.wait(1)
        return b"done"
    handlers = {"Say": grpc.unary_unary_rpc_method_handler(say)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("store.test.Echo", handlers),))

port, ops_port = int(os.environ["PORT"]), int(os.environ["OPS_PORT"])
print("ready", flush=True)
serve_rpc("test", add, ["store.test.Echo"], [], RpcConfig("127.0.0.1", port, ops_port), {})
print("left", flush=True)
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_sigterm_finishes_the_calls_in_hand() -> None:
    port, ops_port = free_port(), free_port()
    environ = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PORT": str(port),
        "OPS_PORT": str(ops_port),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=dict(os.environ) | environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    with (
        process,
        ThreadPoolExecutor(1) as pool,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        answer = pool.submit(say_on(channel), b"", timeout=10, wait_for_ready=True)
        assert process.stdout.readline() == "called\n"
        assert requests.get(f"http://127.0.0.1:{ops_port}/ready", timeout=5).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert answer.result() == b"done"
        said, _ = process.communicate(timeout=10)
    assert (process.returncode, said) == (0, "left\n")
