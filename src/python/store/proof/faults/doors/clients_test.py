"""The gRPC door between a channel like a service's and a real gRPC server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from store.proof.faults.doors.ambush import Ambushes, Deed
from store.proof.faults.doors.doors import Doors
from store.proof.faults.doors.points import INVENTORY
from store.server.channel import RemoteError, errors_in_our_words, open_channel
from store.server.errors import Conflict
from store.server.rpc import make_server
from store.server.testing import SAY, serving

RESERVE = f"{INVENTORY}Reserve"


class OutOfStock(Conflict):
    code = "out_of_stock"


class Stock:
    """An inventory that answers as it is told, and writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.metadata: dict[str, Any] = {}
        self.seconds_left = 0.0
        self.error: Exception | None = None

    def reserve(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.asked.append(request)
        self.metadata = dict(context.invocation_metadata())
        self.seconds_left = context.time_remaining()
        if self.error:
            raise self.error
        context.send_initial_metadata((("first", "1"),))
        context.set_trailing_metadata((("last-bin", b"\x00\xff"),))
        return b"held " + request

    @contextmanager
    def served(self, port: int = 0) -> Iterator[str]:
        def add(server: grpc.Server) -> None:
            handlers: dict[str, Any] = {
                "Reserve": grpc.unary_unary_rpc_method_handler(self.reserve)
            }
            name = INVENTORY.strip("/")
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))

        server = make_server(add, [INVENTORY.strip("/")])
        port = server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(0).wait()


@pytest.fixture
def stock() -> Stock:
    return Stock()


@pytest.fixture
def ambushes() -> Ambushes:
    return Ambushes()


@pytest.fixture
def killed() -> list[str]:
    return []


@pytest.fixture
def address(stock: Stock, ambushes: Ambushes, killed: list[str]) -> Iterator[str]:
    """The door's address, with the stock behind it."""
    with stock.served() as upstream, Doors(ambushes, killed.append) as doors:
        yield doors.inventory("orders-1", upstream)


def reserve(address: str, request: bytes = b"mug", seconds: float = 5, **options: Any) -> bytes:
    with open_channel(address) as channel, errors_in_our_words():
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESERVE)
        return ask(request, timeout=seconds, **options)


def test_a_call_keeps_its_metadata_and_its_deadline(address: str, stock: Stock) -> None:
    sent = (("authorization", "Bearer k"), ("x-request-id", "r-1"), ("raw-bin", b"\x00\xff"))
    with grpc.insecure_channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESERVE)
        answer, call = ask.with_call(b"\x00mug", timeout=4, metadata=sent)
        assert answer == b"held \x00mug"
        assert ("first", "1") in tuple(call.initial_metadata())
        assert ("last-bin", b"\x00\xff") in tuple(call.trailing_metadata())
    assert dict(sent).items() <= stock.metadata.items()
    assert 3 < stock.seconds_left < 4.5  # the wire rounds up


def test_a_refusal_arrives_with_its_code_and_facts(address: str, stock: Stock) -> None:
    stock.error = OutOfStock("Only 1 of MUG left.", sku="MUG", left=1)
    with pytest.raises(RemoteError) as refused:
        reserve(address)
    said = refused.value
    assert (said.status, said.code, said.detail) == (409, "out_of_stock", "Only 1 of MUG left.")
    assert said.facts == {"sku": "MUG", "left": "1"}


def test_other_services_pass_by_every_ambush(ambushes: Ambushes) -> None:
    for point in ("reserve.before", "commit.before", "release.after"):
        ambushes.lay(point, Deed.DROP, times=9)

    def say(request: bytes, context: grpc.ServicerContext) -> bytes:
        return request + str(dict(context.invocation_metadata())["k"]).encode()

    with (
        serving(say) as upstream,
        Doors(ambushes, no_kill) as doors,
        grpc.insecure_channel(doors.inventory("orders-1", upstream)) as channel,
    ):
        echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SAY)
        assert echo(b"hi ", timeout=5, metadata=(("k", "v"),)) == b"hi v"
        health = health_pb2_grpc.HealthStub(channel)
        asked = health_pb2.HealthCheckRequest(service="store.test.Echo")
        assert health.Check(asked, timeout=5).status == health_pb2.HealthCheckResponse.SERVING
        watched = health.Watch(asked, timeout=5)
        assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
        watched.cancel()


def no_kill(caller: str) -> None:
    raise AssertionError(f"{caller} was to live")
