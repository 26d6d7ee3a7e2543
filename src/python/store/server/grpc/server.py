"""Serve gRPC from a thread pool, with health, reflection, metrics and one error mapping."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from store.metrics.rpc import MeasureServer
from store.server.environ import Environ
from store.server.grpc.interceptors import Deadlines, Errors, RequestIds
from store.server.grpc.logs import RpcLogs
from store.server.process.lifecycle import stop_at_signals, stopping
from store.server.process.ops import start_ops, stop_ops
from store.server.process.readiness import Check
from store.server.process.sockets import listen
from store.server.telemetry import traces

_THREADS = 32
_GRACEFUL_SECONDS = 20.0

# Behind one address (a Kubernetes Service) a caller keeps the replica that it once got. Asked to come
# again now and then, it finds those that were added since. gRPC itself spreads the ages by a tenth.
_CONNECTION_SECONDS = 120.0
_GRACE_SECONDS = 30.0  # for the calls in hand, then; longer than any deadline
_OPTIONS = (
    ("grpc.max_receive_message_length", 1_000_000),
    ("grpc.max_send_message_length", 4_000_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.so_reuseport", 0),
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RpcConfig:
    """Where the gRPC and the ops port listen."""

    bind: str = "0.0.0.0"  # noqa: S104 - containers are reached from outside
    port: int = 7000
    ops_port: int = 9000

    @classmethod
    def from_environ(cls, env: Environ) -> "RpcConfig":
        """BIND, RPC_PORT and OPS_PORT."""
        return cls(
            bind=env.text("BIND", cls.bind),
            port=env.whole("RPC_PORT", cls.port, most=65535),
            ops_port=env.whole("OPS_PORT", cls.ops_port, most=65535),
        )


def make_server(
    add_servicers: Callable[[grpc.Server], None],
    names: Sequence[str],
    interceptors: Sequence[grpc.ServerInterceptor] = (),
    health_servicer: health.HealthServicer | None = None,
    connection_seconds: float = _CONNECTION_SECONDS,
) -> grpc.Server:
    """An unstarted server; `names` are the full service names for health and reflection.

    The given interceptors (auth) run inside of request ids, metrics and the error mapping. A caller
    is sent to connect anew after about so many seconds; no call fails of it.
    """
    chain = [RequestIds(), RpcLogs(), MeasureServer(), Errors(), Deadlines(), *interceptors]
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="rpc")
    ages = (
        ("grpc.max_connection_age_ms", int(connection_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", int(_GRACE_SECONDS * 1000)),
    )
    server = grpc.server(
        pool, interceptors=chain, options=_OPTIONS + ages, maximum_concurrent_rpcs=_THREADS * 8
    )
    add_servicers(server)
    servicer = health_servicer or health.HealthServicer()
    for name in ("", *names):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    reflection.enable_server_reflection(
        (*names, health.SERVICE_NAME, reflection.SERVICE_NAME), server
    )
    return server


def serve_rpc(
    service: str,
    add_servicers: Callable[[grpc.Server], None],
    names: Sequence[str],
    interceptors: Sequence[grpc.ServerInterceptor],
    rpc: RpcConfig,
    ready: Mapping[str, Check],
) -> None:
    """Serve until SIGTERM; then say NOT_SERVING, finish what is in hand and return."""
    stop_at_signals()
    traces.start(service)
    servicer = health.HealthServicer()
    server = make_server(add_servicers, names, interceptors, servicer)
    # gRPC explains a taken port in five lines of its own; ours is one.
    listen(rpc.bind, rpc.port).close()
    server.add_insecure_port(f"{rpc.bind}:{rpc.port}")
    ops = start_ops(rpc.bind, rpc.ops_port, ready)
    server.start()
    _log.info("%s serves gRPC", service)
    stopping.wait()
    servicer.enter_graceful_shutdown()
    server.stop(_GRACEFUL_SECONDS).wait()
    stop_ops(ops)
    _log.info("%s has stopped", service)
