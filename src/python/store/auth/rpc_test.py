from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from store.auth.rpc import ServiceKeys, service_key
from store.metrics.exposition import metrics_page
from store.server.grpc.channel import open_channel
from store.server.grpc.errors import info_of
from store.server.grpc.server import make_server

NAME = "store.test.Echo"


def echo(request: bytes, _context: object) -> bytes:
    return request


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    def add(server: grpc.Server) -> None:
        methods: Any = {"Echo": grpc.unary_unary_rpc_method_handler(echo)}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(NAME, methods)])

    server = make_server(add, [NAME], [ServiceKeys(["new-key", "old-key"])])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


@pytest.fixture
def call(address: str) -> Callable[..., Any]:
    def call(*keys: str, metadata: Any = ()) -> Any:
        with open_channel(
            address, "echo", interceptors=[service_key(key) for key in keys]
        ) as channel:
            ask: Any = channel.unary_unary(f"/{NAME}/Echo")
            return ask(b"hello", timeout=5, metadata=metadata)

    return call


@pytest.mark.parametrize("key", ["new-key", "old-key"])
def test_each_of_the_keys_opens_the_door(call: Callable[..., Any], key: str) -> None:
    assert call(key) == b"hello"


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (("authorization", ""),),
        (("authorization", "new-key"),),
        (("authorization", "Bearer "),),
        (("authorization", "Bearer new-ke"),),
        (("authorization", "Bearer new-key "),),
        (("authorization", "Bearer bad"), ("authorization", "Bearer worse")),
    ],
)
def test_whoever_has_no_key_is_refused(call: Callable[..., Any], metadata: Any) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(metadata=metadata)
    error: Any = caught.value
    info = info_of(error)
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED
    assert info is not None
    assert info.reason == "bad_service_key"


def test_health_and_reflection_are_open_to_all(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service=NAME), timeout=5
        )
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        answer = next(stub.ServerReflectionInfo(iter([asked]), timeout=5))
        assert NAME in [service.name for service in answer.list_services_response.service]


def test_not_even_the_names_of_methods_are_known_without_a_key(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        ask: Any = channel.unary_unary(f"/{NAME}/NoSuchMethod")
        with pytest.raises(grpc.RpcError) as caught:
            ask(b"", timeout=5)
        error: Any = caught.value
        assert error.code() != grpc.StatusCode.UNIMPLEMENTED


def test_who_has_no_key_cannot_fill_the_metrics_with_names(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        for name in ("made.up/Name1", "made.up/Name2"):
            ask: Any = channel.unary_unary(f"/{name}")
            with pytest.raises(grpc.RpcError):
                ask(b"", timeout=5)
    _, page = metrics_page(None)
    assert b"made.up" not in page
    assert b'_count{code="UNAUTHENTICATED",method="unmatched"}' in page


@pytest.mark.parametrize("keys", [[], [""], ["good", ""]])
def test_a_server_without_a_real_key_does_not_start(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="service key"):
        ServiceKeys(keys)
