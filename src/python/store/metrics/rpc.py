"""Calls answered and made over gRPC."""

import time
from typing import Any

import grpc
from prometheus_client import Histogram

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

ANSWERED = Histogram(
    "rpc_server_duration_seconds",
    "Seconds that answering a call took.",
    ("method", "code"),
    buckets=BUCKETS,
)
CALLED = Histogram(
    "rpc_client_duration_seconds",
    "Seconds until another server answered a call.",
    ("method", "code"),
    buckets=BUCKETS,
)


class MeasureServer(grpc.ServerInterceptor):
    """Times every unary call that this process answers."""

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """The handler of the call, timed."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method = handler_call_details.method

        def timed(request: Any, context: Any) -> Any:
            began = time.perf_counter()
            try:
                return handler.unary_unary(request, context)
            finally:
                code = context.code() or grpc.StatusCode.OK
                ANSWERED.labels(method, code.name).observe(time.perf_counter() - began)

        return grpc.unary_unary_rpc_method_handler(
            timed, handler.request_deserializer, handler.response_serializer
        )


class MeasureClient(grpc.UnaryUnaryClientInterceptor):
    """Times every unary call that this process makes."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """The outcome of the call, timed when it is there."""
        began = time.perf_counter()
        call = continuation(details, request)

        def observe(done: Any) -> None:
            CALLED.labels(details.method, done.code().name).observe(time.perf_counter() - began)

        call.add_done_callback(observe)
        return call
