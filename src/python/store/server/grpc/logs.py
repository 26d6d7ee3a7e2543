"""One line in the log for each gRPC call, and the same for the trace."""

import logging
import time
from typing import Any
from uuid import UUID

import grpc

from store.metrics.rpc import method_of
from store.server.grpc.interceptors import Behaviour, UnaryInterceptor
from store.server.telemetry import context, traces
from store.server.telemetry.logs import log_call

_access = logging.getLogger("store.access")


class RpcLogs(UnaryInterceptor):
    """Writes what was called, about which order, how it went and how long it took."""

    def around(self, call: Behaviour, request: Any, rpc_context: Any, name: str) -> Any:
        context.order_id.set(_sane(getattr(request, "order_id", "")))
        began = time.perf_counter()
        try:
            return call(request, rpc_context)
        finally:
            code = rpc_context.code() or grpc.StatusCode.OK
            traces.note(**{"rpc.grpc.status_code": code.value[0]})
            method = method_of(name.removeprefix("/"), code)
            facts = (("method", method), ("code", code.name))
            log_call(_access, f"{method} {code.name}", facts, time.perf_counter() - began)


def _sane(order_id: str) -> str:
    """The order's id; empty if it is none: what a caller sends is not for logs."""
    try:
        return str(UUID(order_id))
    except ValueError:
        return ""
