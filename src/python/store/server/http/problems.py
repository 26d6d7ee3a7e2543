"""Turns every error into an RFC 9457 problem document."""

import logging
import math
from typing import Any

import orjson
from flask import Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from store.server.errors import StoreError, TooManyRequests, Unavailable
from store.server.telemetry import context
from store.server.telemetry.redaction import quotable

PROBLEM = "application/problem+json"

_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    431: "headers_too_large",
}
_log = logging.getLogger(__name__)


def answer_store_error(error: StoreError) -> Response:
    """The problem document of an error that the shop raised."""
    if error.status >= 500:
        _log.warning("%s: %s", error.code, error.detail, exc_info=error.__cause__ is not None)
    answer = problem(error.status, error.title, error.code, error.detail, error.facts)
    if isinstance(error, TooManyRequests | Unavailable):
        answer.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def answer_http_exception(error: HTTPException) -> Response | HTTPException:
    """The problem document of an error that Flask or Werkzeug raised."""
    if isinstance(error, RoutingException) or error.code is None:
        return error
    code = _CODES.get(error.code, error.name.lower().replace(" ", "_"))
    answer = problem(error.code, error.name, code, error.description or error.name, {})
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            answer.headers[name] = value
    return answer


def answer_unexpected(error: Exception) -> Response:
    """A 500 that says nothing to the caller and everything to the log."""
    # The route's template and not the path: a path may hold a one-time token.
    route = request.url_rule.rule if request.url_rule else "unmatched"
    _log.error("unexpected error in %s %s", request.method, route, exc_info=error)
    detail = "Something went wrong on our side; quote the request id when you ask about it."
    return problem(500, StoreError.title, StoreError.code, detail, {})


def problem(status: int, title: str, code: str, detail: str, facts: dict[str, Any]) -> Response:
    """The answer with a problem document; facts never overwrite its own members."""
    document = {
        **quotable(facts),
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": quotable(detail),
        "instance": context.request_id.get(),
    }
    return Response(orjson.dumps(document, default=str), status, content_type=PROBLEM)
