"""Stripe's wire over Flask: keys, forms, error objects, replays, and dropped connections."""

import hmac
import logging
import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from store.gateway.calls import Answer, Call, run
from store.gateway.config import Config
from store.gateway.errors import (
    BadKey,
    Busy,
    GatewayError,
    InvalidRequest,
    KeyReused,
    RateLimited,
    ServerError,
    TooLargeBody,
    Unrecognized,
)
from store.gateway.faults import take_mischief
from store.gateway.ids import new_id
from store.gateway.list_schemas import read_expansion
from store.gateway.objects import API_VERSION
from store.gateway.parameters import Parameters, tree_of
from store.server.errors import StoreError, Unavailable

T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"
_KEY = re.compile(r"[ -~]{1,255}")
_VERSION = re.compile(r"[\w.;=-]{1,100}")
_log = logging.getLogger(__name__)
_NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header,"
    " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
)
_NOT_A_FORM = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
)


def speak_stripe(app: Flask, config: Config) -> None:
    """Answer everything, errors too, as Stripe would."""
    app.config["GATEWAY"] = config
    app.after_request(_finish)
    app.register_error_handler(StoreError, _answer_error)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(Exception, _answer_unexpected)


def settings() -> Config:
    """What this gateway was told at its start."""
    config: Config = current_app.config["GATEWAY"]
    return config


def authenticate() -> None:
    """BadKey unless the caller holds one of our API keys (Bearer, or Basic's user name)."""
    given = request.authorization
    key = (given.token or given.username or "") if given else ""
    if not key:
        raise BadKey(_NO_KEY)
    known = [hmac.compare_digest(key.encode(), ours.encode()) for ours in settings().api_keys]
    if not any(known):
        raise BadKey("Invalid API Key provided.")


def misbehave() -> Response | None:
    """Use up what was ordered for this call; an answer means that no work is to be done."""
    g.mischief = mischief = take_mischief(f"{request.method} {request.path}")
    if mischief.delay_seconds:
        time.sleep(mischief.delay_seconds)
    if "rate_limit" in mischief.kinds:
        raise RateLimited
    if "error_500" in mischief.kinds:
        raise ServerError
    if "drop_before_work" in mischief.kinds:
        _hang_up()
        return Response(status=503)
    return None


def perform(read: Callable[[Parameters], T], work: Callable[[Call, T], Answer]) -> Response:
    """Answer a POST: read what is wanted, then do it once for its idempotency key."""
    pairs = _form()
    given = Parameters(tree_of(pairs))
    expand = read_expansion(given)
    wanted = read(given)
    given.refuse_the_rest()
    call = _call(expand, pairs)

    def once(call: Call) -> Answer:
        answer = work(call, wanted)
        return Answer.to(ServerError()) if _fails_after_work() else answer

    return _respond(run(call, once), call.key)


def show(read: Callable[[Parameters], T], find: Callable[[T], Any]) -> Response:
    """Answer a GET: read what is wanted, then find it."""
    given = Parameters(tree_of(_pairs(request.query_string)))
    wanted = read(given)
    given.refuse_the_rest()
    return respond(find(wanted))


def read_body(read: Callable[[Parameters], T]) -> T:
    """What a call to the test helpers asks for, in JSON or as a form."""
    given = Parameters(_json() if request.is_json else tree_of(_form()))
    wanted = read(given)
    given.refuse_the_rest()
    return wanted


def respond(thing: Any, status: int = 200) -> Response:
    """JSON."""
    return Response(orjson.dumps(thing), status, content_type="application/json")


def request_id() -> str:
    """The id of the request in hand, as Stripe writes it."""
    made: str = g.setdefault("request_id", new_id("req", 14))
    return made


def new_call(config: Config, request_id: str, *, endpoint: str) -> Call:
    """A call that nobody made with a key: a buyer's at the hosted page, or the gateway's own."""
    return Call(request_id, endpoint, config.public_url, webhooks=bool(config.webhook_url))


def _finish(response: Response) -> Response:
    asked = request.headers.get("Stripe-Version", "")
    response.headers["Request-Id"] = request_id()
    response.headers["Stripe-Version"] = asked if _VERSION.fullmatch(asked) else API_VERSION
    mischief = g.get("mischief")
    if mischief and "drop_after_work" in mischief.kinds:
        _hang_up()
    return response


def _fails_after_work() -> bool:
    return "error_500_after_work" in g.mischief.kinds


def _hang_up() -> None:
    """Close the connection under the answer: the client learns nothing but that."""
    connection: socket.socket = request.environ["gunicorn.sock"]
    connection.shutdown(socket.SHUT_RDWR)


def _call(expand: frozenset[str], pairs: list[tuple[str, str]]) -> Call:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise KeyReused("Idempotency keys must have 1 to 255 printable ASCII characters.")
    return replace(
        new_call(settings(), request_id(), endpoint=request.path),
        key=key,
        fingerprint=sha256(repr(sorted(pairs)).encode()).hexdigest(),
        expand=expand,
        mischief=g.mischief,
    )


def _json() -> dict[str, Any]:
    try:
        body = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"Invalid JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidRequest("Invalid JSON: must be an object.")
    return tree_of((name, str(value)) for name, value in body.items())


def _form() -> list[tuple[str, str]]:
    body = request.get_data(cache=False)
    if body and request.mimetype != FORM:
        raise InvalidRequest(_NOT_A_FORM)
    return _pairs(body)


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError:
        raise InvalidRequest(
            "Invalid request: the parameters are not UTF-8, or too many."
        ) from None


def _respond(answer: Answer, key: str | None) -> Response:
    response = Response(answer.body, answer.status, content_type="application/json")
    response.headers["Original-Request"] = answer.original or request_id()
    if key is not None:
        response.headers["Idempotency-Key"] = key
    if answer.original is not None:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer_error(error: StoreError) -> Response:
    ours = error if isinstance(error, GatewayError) else _in_our_words(error)
    response = respond({"error": ours.error}, ours.status)
    if ours.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    if isinstance(ours, Busy | RateLimited):
        response.headers["Retry-After"] = "1"
    return response


def _in_our_words(error: StoreError) -> GatewayError:
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
