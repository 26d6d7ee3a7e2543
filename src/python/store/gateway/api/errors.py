"""Errors as they go over the wire: in Stripe's shape, whatever raised them."""

import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from store.gateway.api.wire import respond
from store.gateway.errors import (
    Busy,
    GatewayError,
    InvalidRequest,
    RateLimited,
    ServerError,
    TooLargeBody,
    Unrecognized,
)
from store.server.errors import StoreError, Unavailable

_log = logging.getLogger(__name__)


def answer_errors(app: Flask) -> None:
    app.register_error_handler(StoreError, _answer_error)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer_error(error: StoreError) -> Response:
    ours = error if isinstance(error, GatewayError) else _as_gateway_error(error)
    response = respond({"error": ours.error}, ours.status)
    if ours.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    if isinstance(ours, Busy | RateLimited):
        response.headers["Retry-After"] = "1"
    return response


def _as_gateway_error(error: StoreError) -> GatewayError:
    if isinstance(error, Unavailable):
        _log.warning("%s: %s", error.code, error.detail)
        return Busy()
    return (TooLargeBody if error.status == 413 else InvalidRequest)(error.detail)


def _answer_http_exception(error: HTTPException) -> Response:
    match error.code or 500:
        case 404 | 405:
            where = f"({request.method}: {request.path})"
            return _answer_error(Unrecognized(f"Unrecognized request URL {where}."))
        case 413:
            return _answer_error(TooLargeBody("The request is too large."))
        case code if code < 500:
            return _answer_error(InvalidRequest(error.description or error.name))
    return _answer_error(ServerError())


def _answer_unexpected(error: Exception) -> Response:
    # By its route: a path may hold what opens a 3-D Secure challenge.
    route = request.url_rule.rule if request.url_rule else "unmatched"
    _log.error("unexpected error in %s %s", request.method, route, exc_info=error)
    return _answer_error(ServerError())
