"""Call other services over gRPC."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import grpc

from store.metrics.dependencies import CallOutcome
from store.server.errors import StoreError, Unavailable
from store.server.grpc.call_details import with_metadata
from store.server.grpc.errors import HTTP_STATUSES, info_of
from store.server.outbound.breaker import Breaker
from store.server.outbound.calls import Calls
from store.server.telemetry import context


class RemoteError(StoreError):
    """Another service refused, definitely; `code` and `facts` are what it said."""

    code = "remote_error"

    def __init__(self, status: int, code: str, detail: str, /, **facts: object) -> None:
        super().__init__(detail, **facts)
        self.status = status
        self.title = HTTPStatus(status).phrase
        self.code = code


class OutcomeUnknown(Unavailable):
    """Nobody knows whether the call was carried out: ask again, repeating must be safe."""

    code = "unanswered"


@contextmanager
def errors_in_our_words() -> Iterator[None]:
    """Turns a failed call into RemoteError (a definite refusal) or OutcomeUnknown (anything else)."""
    try:
        yield
    except grpc.RpcError as error:
        answer: Any = error
        code, info = answer.code(), info_of(error)
        if code not in HTTP_STATUSES:
            detail = "Another part of the store does not answer; try again later."
            raise OutcomeUnknown(detail) from error
        facts = dict(info.metadata) if info else {}
        reason = info.reason if info else code.name.lower()
        raise RemoteError(HTTP_STATUSES[code], reason, answer.details() or "", **facts) from error


class BreakerOpen(grpc.RpcError):
    """Nothing was sent: the server has not answered the calls before this one."""

    def code(self) -> grpc.StatusCode:
        """As when nobody is there."""
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        """Why it was not asked."""
        return "the server has not answered for a while"

    def trailing_metadata(self) -> tuple[Any, ...]:
        """Nothing: there was no answer."""
        return ()


def open_channel(
    address: str,
    dependency: str,
    *,
    interceptors: Sequence[grpc.UnaryUnaryClientInterceptor] = (),
    safe: Sequence[str] = (),
    breaker: Breaker | None = None,
) -> grpc.Channel:
    """A channel, for the process that opens it: gRPC's threads do not survive a fork.

    It connects at its first call, keeps the connection alive, hands on the request id and measures calls as those of
    `dependency`; while the breaker is open every call is BreakerOpen. `safe` names the methods
    (`store.inventory.v1.Inventory/Quote`) that may be repeated when the server was UNAVAILABLE.
    """
    # Measured outermost: what is raised there reaches the caller as it is.
    around = (_Measure(Calls(dependency, breaker)), _HandOn(), *interceptors)
    return grpc.intercept_channel(grpc.insecure_channel(address, _options(safe)), *around)


class _HandOn(grpc.UnaryUnaryClientInterceptor):
    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(with_metadata(details, *context.outgoing().items()), request)


class _Measure(grpc.UnaryUnaryClientInterceptor):
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        call = self._calls.begin(details.method.rpartition("/")[2])
        if call is None:
            raise BreakerOpen
        try:
            made = continuation(details, request)
        except BaseException:
            call.end(CallOutcome.ERROR)
            raise
        made.add_done_callback(lambda done: call.end(_OUTCOMES.get(done.code(), CallOutcome.ERROR)))
        return made


_OUTCOMES: dict[grpc.StatusCode | None, CallOutcome] = {
    **dict.fromkeys(HTTP_STATUSES, CallOutcome.REFUSED),
    grpc.StatusCode.OK: CallOutcome.OK,
    grpc.StatusCode.DEADLINE_EXCEEDED: CallOutcome.TIMEOUT,
    grpc.StatusCode.UNAVAILABLE: CallOutcome.UNREACHABLE,
}


def _options(safe: Sequence[str]) -> list[tuple[str, Any]]:
    return [
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.max_receive_message_length", 4_000_000),
        ("grpc.service_config", json.dumps(_service_config(safe))),
    ]


def _service_config(safe: Sequence[str]) -> dict[str, Any]:
    if not safe:
        return {}
    names = [dict(zip(("service", "method"), name.split("/"), strict=True)) for name in safe]
    retry = {
        "maxAttempts": 3,
        "initialBackoff": "0.1s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return {"methodConfig": [{"name": names, "retryPolicy": retry}]}
