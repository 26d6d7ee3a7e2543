"""What can go wrong, in Stripe's words and shapes.

Every error becomes `{"error": {"type", "code", "message", "param", ...}}` with the status Stripe
documents for its kind. Source: docs.stripe.com/api/errors and docs.stripe.com/error-codes.

    GatewayError
    ├── InvalidRequest 400           ├── KeyReused 400
    │   ├── NoSuchReference 400      ├── KeyInUse 409
    │   │   └── NoSuchThing 404      ├── RateLimited 429
    │   ├── BadKey 401               └── ServerError 500
    │   ├── Unrecognized 404             └── Busy 503
    │   └── TooLargeBody 413

A declined card (402) is not in the tree: it is an answer, because its work is kept.
"""

from typing import Any

from store.server.errors import StoreError
from store.server.telemetry.redaction import quotable

_DOCS = "https://stripe.com/docs/error-codes/"


class GatewayError(StoreError):
    """An error that is answered as Stripe answers it; `facts` join the error object."""

    status = 400
    kind = "invalid_request_error"

    def __init__(
        self, message: str, *, code: str | None = None, param: str | None = None, **facts: object
    ) -> None:
        super().__init__(message, **facts)
        self.error = error_object(self.kind, message, code=code, param=param, **facts)


class InvalidRequest(GatewayError):
    """The request makes no sense, or the object's state does not allow it."""


class NoSuchReference(InvalidRequest):
    """A parameter names something that is not there."""

    def __init__(self, kind: str, named_id: str, param: str) -> None:
        super().__init__(f"No such {kind}: '{named_id}'", code="resource_missing", param=param)


class NoSuchThing(NoSuchReference):
    """The id in the path names nothing."""

    status = 404


class Unrecognized(InvalidRequest):
    """There is no such address."""

    status = 404


class TooLargeBody(InvalidRequest):
    """The request holds more than the gateway reads."""

    status = 413


class BadKey(InvalidRequest):
    """No API key, or none of ours."""

    status = 401


class KeyReused(GatewayError):
    """An idempotency key came back with another request."""

    kind = "idempotency_error"


class KeyInUse(GatewayError):
    """The first request with this idempotency key is still in progress."""

    status = 409
    kind = "idempotency_error"

    def __init__(self, key: str) -> None:
        super().__init__(
            "There is currently another in-progress request using this Idempotency-Key "
            f"(that probably means you submitted twice, and the other request is still going "
            f"through): {key}. Please try again later.",
            code="idempotency_key_in_use",
        )


class RateLimited(GatewayError):
    """Too many requests; only an ordered fault answers so."""

    status = 429

    def __init__(self) -> None:
        super().__init__("Too many requests in a period of time.", code="rate_limit")


class ServerError(GatewayError):
    """Something broke on our side; what it was stands in the log, not in the answer."""

    status = 500
    kind = "api_error"

    def __init__(self) -> None:
        super().__init__("An unknown error occurred.")


class Busy(ServerError):
    """The database cannot be asked right now."""

    status = 503


def error_object(
    kind: str, message: str, *, code: str | None = None, param: str | None = None, **facts: object
) -> dict[str, Any]:
    """Stripe's error object; members without a value are left out, as Stripe leaves them out."""
    error: dict[str, Any] = {
        "code": code,
        "doc_url": _DOCS + code.replace("_", "-") if code else None,
        "message": quotable(message),
        "param": quotable(param),
        "type": kind,
        **facts,
    }
    return {name: value for name, value in error.items() if value is not None}
