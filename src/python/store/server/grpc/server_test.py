import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import REGISTRY

from store.server.errors import NotFound
from store.server.grpc.channel import OutcomeUnknown, open_channel
from store.server.grpc.interceptors import Deadlines
from store.server.grpc.testing import ECHO, SAY, call, failing, running, serving, wait_until
from store.server.telemetry import context


class Closed(grpc.ServerInterceptor):
    """Stands for authentication: refuses whoever brings no key."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        if dict(details.invocation_metadata).get("key") == "good":
            return continuation(details)

        def refuse(_request: bytes, context_: grpc.ServicerContext) -> None:
            context_.abort(grpc.StatusCode.UNAUTHENTICATED, "No key.")

        return grpc.unary_unary_rpc_method_handler(refuse)


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


def test_an_unexpected_error_tells_the_log_and_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        serving(failing(RuntimeError("hunter2"))) as address,
        open_channel(address, "health") as channel,
    ):
        say: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SAY)
        with pytest.raises(grpc.RpcError) as caught:
            say(b"", timeout=5)
        assert caught.value.code() == grpc.StatusCode.INTERNAL
        assert "hunter2" not in f"{caught.value.details()} {caught.value.trailing_metadata()}"
    assert "RuntimeError: hunter2" in caplog.text


def test_a_call_without_a_deadline_is_given_one() -> None:
    cancelled = threading.Event()

    class Call:
        def time_remaining(self) -> None:
            return None

        def cancel(self) -> None:
            cancelled.set()

    def say(_request: object, _context: object) -> bool:
        return cancelled.wait(10)

    assert Deadlines(seconds=0.05).around(say, b"", Call(), SAY) is True


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
        with pytest.raises(OutcomeUnknown):
            call(address, timeout=0.1)
        assert in_flight() == 32
        go.set()
        assert [one.result() for one in long] == [b"hi"] * 32
    assert len(began) == 32
    assert in_flight() == 0


def test_calls_that_fail_are_in_flight_no_more() -> None:
    with serving(failing(RuntimeError("broken"))) as address, pytest.raises(OutcomeUnknown):
        call(address)
    assert in_flight() == 0


def in_flight() -> float | None:
    return REGISTRY.get_sample_value("rpc_requests_in_flight")


def test_whoever_has_no_key_stays_outside() -> None:
    with serving(lambda request, _context: request, Closed()) as address:
        assert call(address, metadata=[("key", "good")]) == b"hi"
        # Our own key is wrong: that is not the buyer's fault, so it is no refusal of the order.
        with pytest.raises(OutcomeUnknown):
            call(address)


def test_a_message_over_the_limit_is_refused() -> None:
    with serving(lambda request, _context: request) as address, pytest.raises(OutcomeUnknown):
        call(address, b"a" * 1_100_000)


def test_health_and_reflection_answer() -> None:
    with serving(failing(NotFound("x"))) as address, grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", ECHO):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflect = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        (listed,) = reflect.ServerReflectionInfo(iter([asked]), timeout=5)
    assert ECHO in {service.name for service in listed.list_services_response.service}


PROGRAM = """
import os, threading
import grpc
from store.server.grpc.server import RpcConfig, serve_rpc

go = threading.Event()

def add(server):
    def say(request, context):
        print("called", flush=True)
        go.wait(1)
        return b"done"
    handlers = {"Say": grpc.unary_unary_rpc_method_handler(say)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("store.test.Echo", handlers),))

port, ops_port = int(os.environ["PORT"]), int(os.environ["OPS_PORT"])
serve_rpc("test", add, ["store.test.Echo"], [], RpcConfig("127.0.0.1", port, ops_port), {})
print("left", flush=True)
"""


def test_sigterm_finishes_the_calls_in_hand() -> None:
    with running(PROGRAM) as program:
        address = program.url.removeprefix("http://")
        with grpc.insecure_channel(address) as channel, ThreadPoolExecutor(1) as pool:
            say: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SAY)
            answer = pool.submit(say, b"", timeout=20, wait_for_ready=True)
            wait_until(lambda: program.said() == "called\n")
            assert program.is_ready()
            assert program.leave(signal.SIGTERM) == 0
            assert answer.result() == b"done"
        assert program.said() == "called\nleft\n"
