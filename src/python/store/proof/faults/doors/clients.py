"""A door for gRPC: every call is passed on as the bytes it is, whatever its service."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from store.proof.faults.doors.crossing import Crossing, Cut
from store.proof.faults.doors.points import inventory_call
from store.proof.faults.listener import HOST

LONGEST_HOLD_SECONDS = 15.0
LATE_SECONDS = 10.0
"""The deadline of a call that is passed on when its own has passed."""
_THREADS = 256
_UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_CHANNEL = (
    *_UNLIMITED,
    # A connection of this door's own, and soon again after the other side was away.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.enable_retries", 0),
)


class InventoryDoor:
    """A gRPC port of the caller's own. It serves while its block lasts."""

    def __init__(self, crossing: Crossing, upstream: str) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="door")
        self._channel = grpc.insecure_channel(upstream, options=_CHANNEL)
        options = (*_UNLIMITED, ("grpc.so_reuseport", 0))
        self._server = grpc.server(self._pool, options=options)
        self._server.add_generic_rpc_handlers((_Anything(crossing, self._channel),))
        self.address = f"{HOST}:{self._server.add_insecure_port(f'{HOST}:0')}"

    def __enter__(self) -> "InventoryDoor":
        self._server.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.stop(0).wait()
        self._channel.close()
        self._pool.shutdown()


class _Anything(grpc.GenericRpcHandler):
    def __init__(self, crossing: Crossing, channel: grpc.Channel) -> None:
        self._crossing = crossing
        self._channel = channel

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """A handler for any method: with points for those of inventory that have some."""
        method = handler_call_details.method
        if call := inventory_call(method):
            return grpc.unary_unary_rpc_method_handler(self._crossed(method, call))
        return grpc.stream_stream_rpc_method_handler(self._piped(method))

    def _crossed(self, method: str, call: str) -> Any:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(method)

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            passage = _Passage(context)
            try:
                said, asked = self._crossing.cross(
                    call,
                    lambda: ask.with_call(request, passage.seconds_left(), passage.metadata),
                    passage.hold,
                )
            except Cut:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            except grpc.RpcError as error:
                _fail(context, error)
            _finish(context, asked)
            return bytes(said)

        return answer

    def _piped(self, method: str) -> Any:
        ask: grpc.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(method)

        def answer(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            passage = _Passage(context)
            asked = ask(requests, context.time_remaining(), passage.metadata)
            context.add_callback(lambda: _cancel(asked))
            try:
                yield from asked
            except grpc.RpcError as error:
                _fail(context, error)
            _finish(context, asked)

        return answer


class _Passage:
    """What a call brings along, and how long its caller waits."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context
        self._given_up = threading.Event()
        self._held = False
        sent = context.invocation_metadata()
        # The channel writes a user-agent of its own.
        self.metadata = tuple(item for item in sent if item[0] != "user-agent")

    def seconds_left(self) -> float | None:
        """The caller's deadline, or one of ours for a caller that has gone."""
        return LATE_SECONDS if self._held else self._context.time_remaining()

    def hold(self) -> None:
        """Return when the caller has given up: its deadline has passed, or it has gone."""
        self._held = True
        if self._context.add_callback(self._given_up.set):
            self._given_up.wait(LONGEST_HOLD_SECONDS)


def _cancel(asked: grpc.Call) -> None:
    asked.cancel()


def _finish(context: grpc.ServicerContext, asked: Any) -> None:
    if asked.initial_metadata():
        context.send_initial_metadata(asked.initial_metadata())
    context.set_trailing_metadata(asked.trailing_metadata())


def _fail(context: grpc.ServicerContext, error: Any) -> None:
    """The same status as the other side's, with its details in the trailers."""
    context.set_trailing_metadata(error.trailing_metadata() or ())
    context.abort(error.code(), error.details() or "")
