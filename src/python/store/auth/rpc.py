"""Which services may call: a key that both sides know, sent with every gRPC call.

Several keys are good at the same time, so that one can be rotated: teach the server the new key,
then the callers, then let the server forget the old one.
"""

import hmac
from collections.abc import Sequence
from typing import Any, NoReturn

import grpc

from store.server.errors import Unauthenticated
from store.server.grpc.call_details import with_metadata

HEADER = "authorization"
OPEN_SERVICES = (
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1alpha.ServerReflection/",
    "/grpc.reflection.v1.ServerReflection/",
)


class BadServiceKey(Unauthenticated):
    """The call carries no key, or one that is not ours."""

    code = "bad_service_key"


class ServiceKeys(grpc.ServerInterceptor):
    """Lets in who has one of the keys; health and reflection are open to all."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("a server needs at least one service key")
        self._good = [_credentials(key).encode() for key in keys]

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """The call's own handler, or one that refuses."""
        if handler_call_details.method.startswith(OPEN_SERVICES):
            return continuation(handler_call_details)
        sent = dict(handler_call_details.invocation_metadata).get(HEADER, "")
        if self._knows(sent.encode()):
            return continuation(handler_call_details)
        return grpc.unary_unary_rpc_method_handler(_refuse)

    def _knows(self, sent: bytes) -> bool:
        # Each key is compared, and each in constant time: the time of the answer says nothing.
        return sum(hmac.compare_digest(sent, good) for good in self._good) > 0


class _SendKey(grpc.UnaryUnaryClientInterceptor):
    def __init__(self, key: str) -> None:
        self._credentials = (HEADER, _credentials(key))

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(with_metadata(details, self._credentials), request)


def service_key(key: str) -> grpc.UnaryUnaryClientInterceptor:
    """For `open_channel(..., interceptors=[service_key(key)])`: sends the key with each call."""
    return _SendKey(key)


def _credentials(key: str) -> str:
    return f"Bearer {key}"


def _refuse(_request: object, _context: object) -> NoReturn:
    raise BadServiceKey("This call needs a service key that the server knows.")
