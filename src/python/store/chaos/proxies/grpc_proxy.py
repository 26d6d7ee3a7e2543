"""A fault proxy for gRPC: every call is forwarded as the bytes it is, whatever its service."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from store.chaos.proxies.interceptor import MAX_HOLD_SECONDS, ConnectionCut, Interceptor
from store.chaos.proxies.listener import HOST
from store.chaos.proxies.points import inventory_call

OVERDUE_SECONDS = 10.0  # for a call that is forwarded when its own deadline has passed
_THREADS = 256
_UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_SERVER = (
    *_UNLIMITED,
    ("grpc.so_reuseport", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),  # as the services' own servers
)
_CHANNEL = (
    *_UNLIMITED,
    # A connection of this proxy's own, and soon again after the other side was away.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.enable_retries", 0),
)


class GrpcProxy:
    """A gRPC port of the caller's own. It serves while its block lasts."""

    def __init__(self, interceptor: Interceptor, upstream: str) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="fault-proxy")
        self._channel = grpc.insecure_channel(upstream, options=_CHANNEL)
        self._leaving = threading.Event()
        handler = _AnyMethodHandler(interceptor, self._channel, self._leaving)
        self._server = grpc.server(self._pool, [handler], options=_SERVER)
        self.address = f"{HOST}:{self._server.add_insecure_port(f'{HOST}:0')}"

    def __enter__(self) -> "GrpcProxy":
        self._server.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._leaving.set()
        self._server.stop(0).wait()
        self._channel.close()
        self._pool.shutdown()


class _AnyMethodHandler(grpc.GenericRpcHandler):
    def __init__(
        self, interceptor: Interceptor, channel: grpc.Channel, leaving: threading.Event
    ) -> None:
        self._interceptor = interceptor
        self._channel = channel
        self._leaving = leaving

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Inventory's own calls are intercepted at their points; all others are streams of bytes."""
        method = handler_call_details.method
        if name := inventory_call(method):
            return grpc.unary_unary_rpc_method_handler(self._intercepted(method, name))
        return grpc.stream_stream_rpc_method_handler(self._streamed(method))

    def _intercepted(self, method: str, name: str) -> Any:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(method)

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            with _same_failure(context):
                call = _RpcCall(ask, request, context, self._leaving)
                result, asked = self._interceptor.intercept(name, call)
            _finish(context, asked)
            return result

        return answer

    def _streamed(self, method: str) -> Any:
        ask: grpc.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(method)

        def answer(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            asked = ask(requests, context.time_remaining(), _metadata(context))
            context.add_callback(lambda: _cancel(asked))
            with _same_failure(context):
                yield from asked
            _finish(context, asked)

        return answer


@dataclass
class _RpcCall:
    """One call of a method with points."""

    ask: "grpc.UnaryUnaryMultiCallable[bytes, bytes]"
    request: bytes
    context: grpc.ServicerContext
    leaving: threading.Event
    held: bool = False

    def forward(self) -> tuple[bytes, Any]:
        """The answer, and the call for its metadata."""
        seconds = OVERDUE_SECONDS if self.held else self.context.time_remaining()
        return self.ask.with_call(self.request, seconds, _metadata(self.context))

    def hold(self) -> None:
        """Return when the caller's deadline has passed, or it has gone."""
        self.held = True
        given_up = threading.Event()
        if self.context.add_callback(given_up.set):
            given_up.wait(MAX_HOLD_SECONDS)
        if self.leaving.is_set():
            raise ConnectionCut(refused=True)

    def is_abandoned(self) -> bool:
        """Whether the caller waits no longer."""
        return not self.context.is_active()


@contextmanager
def _same_failure(context: grpc.ServicerContext) -> Iterator[None]:
    """Ends the call as the other side ended it, or as a lost connection does."""
    try:
        yield
    except ConnectionCut:
        context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
    except grpc.RpcError as caught:
        error: Any = caught  # its type does not show what a call has
        context.set_trailing_metadata(error.trailing_metadata() or ())
        context.abort(error.code(), error.details() or "")


def _cancel(asked: grpc.Call) -> None:
    asked.cancel()


def _metadata(context: grpc.ServicerContext) -> Any:
    # The channel writes a user-agent of its own.
    return tuple(item for item in context.invocation_metadata() if item[0] != "user-agent")


def _finish(context: grpc.ServicerContext, asked: Any) -> None:
    if asked.initial_metadata():
        context.send_initial_metadata(asked.initial_metadata())
    context.set_trailing_metadata(asked.trailing_metadata())
