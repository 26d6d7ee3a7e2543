"""Calls answered over gRPC."""

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import grpc
from prometheus_client import Gauge, Histogram

from store.metrics.exemplars import exemplar

SECONDS = Histogram(
    "rpc_request_duration_seconds",
    "Seconds that answering a call took.",
    ("method", "code"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
IN_FLIGHT = Gauge("rpc_requests_in_flight", "Calls being answered.")

_answering: set[object] = set()
IN_FLIGHT.set_function(lambda: len(_answering))


CODES = ("OK", "FAILED_PRECONDITION", "UNAVAILABLE", "INTERNAL")
"""How calls usually end: carried out, refused, out of order for now, broken."""


def announce(service: str, methods: Iterable[str]) -> None:
    """Show these calls as zeros before the first comes: a rate sees only what a series grew by."""
    for method in methods:
        for code in CODES:
            _child(f"{service}/{method}", code)


class MeasureServer(grpc.ServerInterceptor):
    """Times and counts every unary call that this process answers."""

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """The handler of the call, timed."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method = handler_call_details.method.removeprefix("/")

        def timed(request: Any, context: Any) -> Any:
            began = time.perf_counter()
            _answering.add(context)
            try:
                return handler.unary_unary(request, context)
            finally:
                _answering.discard(context)
                code = context.code() or grpc.StatusCode.OK
                _child(method_of(method, code), code.name).observe(
                    time.perf_counter() - began, exemplar()
                )

        return grpc.unary_unary_rpc_method_handler(
            timed, handler.request_deserializer, handler.response_serializer
        )


def method_of(called: str, code: grpc.StatusCode) -> str:
    """What metrics and logs say was called: a method of ours, or `unmatched`."""
    # Who has no key is refused whatever method is named: those names have no end.
    return "unmatched" if code is grpc.StatusCode.UNAUTHENTICATED else called


@lru_cache(1024)
def _child(method: str, code: str) -> Histogram:
    return SECONDS.labels(method, code)
