"""The gRPC proxy between a channel like a service's and a real gRPC server."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from store.chaos.proxies.fault_rule import Effect, FaultRules
from store.chaos.proxies.points import INVENTORY
from store.chaos.proxies.proxies import FaultProxies
from store.server.errors import Conflict
from store.server.grpc.channel import OutcomeUnknown, RemoteError, errors_in_our_words, open_channel
from store.server.grpc.server import make_server
from store.server.grpc.testing import SAY, free_port, serving, wait_until

RESERVE = f"{INVENTORY}Reserve"


class NoStockLeft(Conflict):
    code = "out_of_stock"


class ScriptedInventory:
    """An inventory that answers as it is set, and records its requests."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.metadata: dict[str, Any] = {}
        self.seconds_left = 0.0
        self.error: Exception | None = None

    def reserve(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.requests.append(request)
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
def stock() -> ScriptedInventory:
    return ScriptedInventory()


@pytest.fixture
def address(stock: ScriptedInventory, rules: FaultRules, killed: list[str]) -> Iterator[str]:
    """The proxy's address, with the scripted inventory behind it."""
    with stock.served() as upstream, FaultProxies(rules, killed.append) as proxies:
        yield proxies.inventory("orders-1", upstream)


def reserve(address: str, request: bytes = b"mug", seconds: float = 5, **options: Any) -> bytes:
    with open_channel(address, "echo") as channel, errors_in_our_words():
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESERVE)
        return ask(request, timeout=seconds, **options)


def test_a_call_keeps_its_metadata_and_its_deadline(address: str, stock: ScriptedInventory) -> None:
    sent = (("authorization", "Bearer k"), ("x-request-id", "r-1"), ("raw-bin", b"\x00\xff"))
    with grpc.insecure_channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESERVE)
        answer, call = ask.with_call(b"\x00mug", timeout=4, metadata=sent)
        assert answer == b"held \x00mug"
        assert ("first", "1") in tuple(call.initial_metadata())
        assert ("last-bin", b"\x00\xff") in tuple(call.trailing_metadata())
    assert dict(sent).items() <= stock.metadata.items()
    assert 2 < stock.seconds_left < 4.5  # the wire rounds up


def test_a_refusal_arrives_with_its_code_and_facts(address: str, stock: ScriptedInventory) -> None:
    stock.error = NoStockLeft("Only 1 of MUG left.", sku="MUG", left=1)
    with pytest.raises(RemoteError) as refused:
        reserve(address)
    error = refused.value
    assert (error.status, error.code, error.detail) == (409, "out_of_stock", "Only 1 of MUG left.")
    assert error.facts == {"sku": "MUG", "left": "1"}


def test_no_rule_hits_the_calls_of_other_services(rules: FaultRules) -> None:
    for point in ("reserve.before", "commit.before", "release.after"):
        rules.add(point, Effect.DROP, times=9)

    def say(request: bytes, context: grpc.ServicerContext) -> bytes:
        return request + str(dict(context.invocation_metadata())["k"]).encode()

    with (
        serving(say) as upstream,
        FaultProxies(rules, fail_to_kill) as proxies,
        grpc.insecure_channel(proxies.inventory("orders-1", upstream)) as channel,
    ):
        echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SAY)
        assert echo(b"hi ", timeout=5, metadata=(("k", "v"),)) == b"hi v"
        health = health_pb2_grpc.HealthStub(channel)
        asked = health_pb2.HealthCheckRequest(service="store.test.Echo")
        assert health.Check(asked, timeout=5).status == health_pb2.HealthCheckResponse.SERVING
        watched = health.Watch(asked, timeout=5)
        assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
        watched.cancel()


def fail_to_kill(caller: str) -> None:
    raise AssertionError(f"{caller} was to live")


@pytest.mark.parametrize(("side", "asked"), [("before", 0), ("after", 1)])
def test_a_killed_caller_is_gone_before_its_call_ends(
    address: str,
    stock: ScriptedInventory,
    rules: FaultRules,
    killed: list[str],
    side: str,
    asked: int,
) -> None:
    rule = rules.add(f"reserve.{side}", Effect.KILL)
    with pytest.raises(OutcomeUnknown):
        reserve(address)
    assert (killed, len(stock.requests), rule.calls_hit) == (["orders-1"], asked, 1)
    assert reserve(address) == b"held mug"


@pytest.mark.parametrize(
    ("point", "effect", "asked"),
    [
        ("reserve.before", Effect.DROP, 0),
        ("reserve.before", Effect.DOWN, 0),
        ("reserve.after", Effect.DROP, 1),
    ],
)
def test_a_lost_connection_leaves_the_outcome_unknown(
    address: str,
    stock: ScriptedInventory,
    rules: FaultRules,
    point: str,
    effect: Effect,
    asked: int,
) -> None:
    rules.add(point, effect)
    with grpc.insecure_channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESERVE)
        error: Any = ask.future(b"mug", timeout=5).exception()
    assert (error.code(), len(stock.requests)) == (grpc.StatusCode.UNAVAILABLE, asked)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_call_forwarded_twice_is_answered_once(
    address: str, stock: ScriptedInventory, rules: FaultRules, side: str
) -> None:
    rules.add(f"reserve.{side}", Effect.TWICE)
    assert reserve(address) == b"held mug"
    assert stock.requests == [b"mug"] * 2


@pytest.mark.parametrize(("side", "asked_meanwhile"), [("before", 0), ("after", 1)])
def test_a_delayed_call_outlasts_its_deadline_and_is_carried_out(
    address: str, stock: ScriptedInventory, rules: FaultRules, side: str, asked_meanwhile: int
) -> None:
    rule = rules.add(f"reserve.{side}", Effect.DELAY)
    with grpc.insecure_channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESERVE)
        grpc.channel_ready_future(channel).result(5)
        call = ask.future(b"mug", timeout=0.8)
        assert rule.wait(5)
        assert (len(stock.requests), call.done()) == (asked_meanwhile, False)
        error: Any = call.exception()
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_until(lambda: stock.requests == [b"mug"])


def test_calls_of_one_caller_are_hit_together(
    address: str, stock: ScriptedInventory, rules: FaultRules, killed: list[str]
) -> None:
    rule = rules.add("reserve.after", Effect.KILL, group_size=5)
    with grpc.insecure_channel(address) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESERVE)
        calls = [ask.future(b"mug", timeout=5) for _ in range(5)]
        errors: list[Any] = [call.exception() for call in calls]
    assert [error.code() for error in errors] == [grpc.StatusCode.UNAVAILABLE] * 5
    assert (killed, rule.calls_hit, len(stock.requests)) == (["orders-1"], 5, 5)


def test_inventory_may_start_late_stop_and_start_again(stock: ScriptedInventory) -> None:
    port = free_port()
    with FaultProxies(FaultRules(), fail_to_kill) as proxies:
        address = proxies.inventory("orders-1", f"127.0.0.1:{port}")
        with pytest.raises(OutcomeUnknown):
            reserve(address)
        for _ in range(2):
            with stock.served(port):
                wait_until(lambda: answers(address), 5)
            with pytest.raises(OutcomeUnknown):
                reserve(address)


def answers(address: str) -> bool:
    try:
        return reserve(address) == b"held mug"
    except OutcomeUnknown:
        return False


def test_no_thread_stays_when_the_proxy_is_closed(stock: ScriptedInventory) -> None:
    rules = FaultRules()
    delay = rules.add("reserve.before", Effect.DELAY)
    before = {thread.name for thread in threading.enumerate()}
    with stock.served() as upstream, ThreadPoolExecutor(1) as pool:
        with FaultProxies(rules, fail_to_kill) as proxies:
            call = pool.submit(reserve, proxies.inventory("orders-1", upstream))
            assert delay.wait(5)
            began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            call.result(5)
        assert time.monotonic() - began < 5
    wait_until(lambda: {thread.name for thread in threading.enumerate()} <= before)
    assert b"mug" not in stock.requests
