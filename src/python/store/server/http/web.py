"""The Flask application that every HTTP service is."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast
from uuid import UUID

import orjson
from flask import Flask, Response, request
from flask.json.provider import JSONProvider

from store.metrics.http import METHODS, Start, measure_http
from store.server.http.api import Api
from store.server.http.blueprint import Blueprint
from store.server.http.documentation import docs_page, front_page
from store.server.http.request import Request
from store.server.telemetry import context, traces
from store.server.telemetry.logs import log_call

_access = logging.getLogger("store.access")


def create_app(
    service: str,
    *,
    title: str,
    blueprints: Sequence[Blueprint],
    about: str = "",
    max_body_bytes: int = 1_000_000,
) -> Flask:
    """The application with these routes, and around them what every service has.

    Errors as problem documents, request ids, an access log, metrics, /openapi.json and /docs, to
    which / leads (`about` is HTML for it). A view that takes larger bodies sets
    `request.max_content_length` before it reads.
    """
    app = ObservedApplication(service, static_folder=None)
    app.json = OrjsonProvider(app)
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = max_body_bytes
    traces.trace_app(app)
    measure_http(app)
    api = Api(app, title)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(front_page(service, title, about))
    app.register_blueprint(docs_page(title))
    return app


class Application(Flask):
    """Flask for plain functions, in good text, with conditional answers.

    What is done for every request is done in the methods that Flask calls for every request: hooks
    cost several times as much.
    """

    request_class = Request

    def preprocess_request(self) -> Any:
        """As Flask's; a request in bad text comes no further."""
        _asked().refuse_bad_text()
        return super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        """As Flask's; a client that has the answer already gets just that (304)."""
        response = super().process_response(response)
        asked = _asked()
        if "HTTP_IF_NONE_MATCH" in asked.environ and response.status_code == 200:
            response.make_conditional(asked)
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is: none of ours is a coroutine, and asking costs a microsecond."""
        return func


class ObservedApplication(Application):
    """And around each request its id and its access line."""

    def wsgi_app(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """As Flask's; the answer names the request's id."""
        began = time.perf_counter()
        request_id = context.enter(
            environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT")
        )

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            headers.append(("X-Request-Id", request_id))
            asked = environ["werkzeug.request"]
            _write_access_line(asked, int(status[:3]), time.perf_counter() - began)
            return start_response(status, headers, *rest)

        return super().wsgi_app(environ, start)


class OrjsonProvider(JSONProvider):
    """orjson as Flask's JSON: quick, UTF-8, and at home with UUIDs and datetimes."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """What the JSON text says."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """An application/json answer."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(body, mimetype="application/json")


def _write_access_line(asked: Request, status: int, seconds: float) -> None:
    # The route's template and not the path: a path may hold a one-time token.
    route = asked.url_rule.rule if asked.url_rule else "unmatched"
    method = asked.method if asked.method in METHODS else "other"
    if asked.view_args and isinstance(order_id := asked.view_args.get("order_id"), UUID):
        context.order_id.set(str(order_id))
    facts = (("method", method), ("route", route), ("status", status))
    log_call(_access, f"{method} {route} {status}", facts, seconds)


def _asked() -> Request:
    # The request itself: each look through Flask's proxy costs a microsecond.
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]
