"""Stripe's wire over Flask: API keys, forms, JSON, headers, and dropped connections."""

import hmac
import re
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import orjson
from flask import Response, current_app, g, request

from store.gateway.api.parameters import Parameters, tree_of
from store.gateway.api.settings import EXTENSION, ApiSettings
from store.gateway.errors import BadKey, InvalidRequest, RateLimited, ServerError
from store.gateway.models.events import API_VERSION
from store.gateway.models.ids import new_id
from store.gateway.use_cases.misbehaviour import take_misbehaviour
from store.gateway.use_cases.unit_of_work import UnitOfWork

T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"
_VERSION = re.compile(r"[\w.;=-]{1,100}")
_NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header,"
    " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
)
_NOT_A_FORM = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
)


def settings() -> ApiSettings:
    """What this application was made with."""
    return cast(ApiSettings, current_app.extensions[EXTENSION])


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
    """Use up what was ordered for this request; an answer means that no work is to be done."""
    g.misbehaviour = misbehaviour = take_misbehaviour(f"{request.method} {request.path}")
    if misbehaviour.delay_seconds:
        time.sleep(misbehaviour.delay_seconds)
    if "rate_limit" in misbehaviour.kinds:
        raise RateLimited
    if "error_500" in misbehaviour.kinds:
        raise ServerError
    if "drop_before_work" in misbehaviour.kinds:
        _hang_up()
        return Response(status=503)
    return None


def show(read: Callable[[Parameters], T], find: Callable[[T], Any]) -> Response:
    """Answer a GET: read what is asked for, then find it."""
    return respond(find(_read(read, tree_of(_pairs(request.query_string)))))


def read_body(read: Callable[[Parameters], T]) -> T:
    """What a call to the test helpers asks for, in JSON or as a form."""
    return _read(read, _json() if request.is_json else tree_of(form_pairs()))


def form_pairs() -> list[tuple[str, str]]:
    """The parameters of a form, in their order."""
    body = request.get_data(cache=False)
    if body and request.mimetype != FORM:
        raise InvalidRequest(_NOT_A_FORM)
    return _pairs(body)


def respond(thing: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(thing), status, content_type="application/json")


def request_id() -> str:
    """The id of the request in hand, as Stripe writes it."""
    made: str = g.setdefault("request_id", new_id("req", 14))
    return made


def new_unit() -> UnitOfWork:
    ours = settings()
    return UnitOfWork(request_id(), request.path, ours.public_url, ours.webhooks)


def finish(response: Response) -> Response:
    """Stripe's headers; or no answer at all, if that was ordered."""
    asked = request.headers.get("Stripe-Version", "")
    response.headers["Request-Id"] = request_id()
    response.headers["Stripe-Version"] = asked if _VERSION.fullmatch(asked) else API_VERSION
    misbehaviour = g.get("misbehaviour")
    if misbehaviour and "drop_after_work" in misbehaviour.kinds:
        _hang_up()
    return response


def _hang_up() -> None:
    """Close the connection under the answer: the client learns nothing but that."""
    connection: socket.socket = request.environ["gunicorn.sock"]
    connection.shutdown(socket.SHUT_RDWR)


def _read(read: Callable[[Parameters], T], tree: dict[str, Any]) -> T:
    given = Parameters(tree)
    asked = read(given)
    given.refuse_the_rest()
    return asked


def _json() -> dict[str, Any]:
    try:
        body = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"Invalid JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidRequest("Invalid JSON: must be an object.")
    return tree_of((name, str(value)) for name, value in body.items())


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError:
        raise InvalidRequest(
            "Invalid request: the parameters are not UTF-8, or too many."
        ) from None
