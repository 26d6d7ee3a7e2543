"""What surrounds every gRPC call that this process answers."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import grpc
from grpc_status import rpc_status

from store.server.errors import DeadlineExceeded, StoreError
from store.server.grpc.errors import status_of
from store.server.telemetry import context

Behaviour = Callable[[Any, grpc.ServicerContext], Any]

_log = logging.getLogger(__name__)


class UnaryInterceptor(grpc.ServerInterceptor):
    """Base of interceptors that surround a unary call; streams (health, reflection) pass by."""

    def around(
        self, call: Behaviour, request: Any, rpc_context: grpc.ServicerContext, name: str
    ) -> Any:
        """Answer the call `name`, usually with what `call(request, rpc_context)` returns."""
        raise NotImplementedError

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """The handler of the call, surrounded."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        name = handler_call_details.method

        def surrounded(request: Any, rpc_context: grpc.ServicerContext) -> Any:
            return self.around(handler.unary_unary, request, rpc_context, name)

        return grpc.unary_unary_rpc_method_handler(
            surrounded, handler.request_deserializer, handler.response_serializer
        )


class RequestIds(UnaryInterceptor):
    """Takes the request id and the trace from the caller's metadata.

    It is not sent back: the caller knows it, and an answer that has begun is never retried.
    """

    def around(self, call: Behaviour, request: Any, rpc_context: Any, name: str) -> Any:  # noqa: ARG002
        sent = dict(rpc_context.invocation_metadata())
        context.enter(sent.get("x-request-id"), sent.get("traceparent"))
        return call(request, rpc_context)


class Deadlines(UnaryInterceptor):
    """Does no work that nobody waits for any more, and lets nobody wait for ever."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds

    def around(self, call: Behaviour, request: Any, rpc_context: Any, name: str) -> Any:  # noqa: ARG002
        left = rpc_context.time_remaining()
        if left is None:
            return self._bounded(call, request, rpc_context)
        if left <= 0:
            raise DeadlineExceeded("The caller's deadline passed before the call could begin.")
        return call(request, rpc_context)

    def _bounded(self, call: Behaviour, request: Any, rpc_context: Any) -> Any:
        timer = threading.Timer(self._seconds, rpc_context.cancel)
        timer.daemon = True
        timer.start()
        try:
            return call(request, rpc_context)
        finally:
            timer.cancel()


class Errors(UnaryInterceptor):
    """Turns every exception into a status that says to the caller what it may know."""

    def around(self, call: Behaviour, request: Any, rpc_context: Any, name: str) -> Any:
        try:
            return call(request, rpc_context)
        except StoreError as error:
            rpc_context.abort_with_status(rpc_status.to_status(status_of(error)))
        except Exception:
            # abort() raises, too: the status it has set stands.
            if rpc_context.code() is not None:
                raise
            _log.exception("unexpected error in %s", name)
            hidden = StoreError("Something went wrong on our side.")
            rpc_context.abort_with_status(rpc_status.to_status(status_of(hidden)))
