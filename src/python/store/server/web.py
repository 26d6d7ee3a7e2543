"""The Flask application that every HTTP service is."""

import logging
import time
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import orjson
from flask import Flask, Response, request
from flask.json.provider import JSONProvider

from store.metrics.http import METHODS, measure_http
from store.server import context, tracing
from store.server.api import Api
from store.server.blueprint import Blueprint
from store.server.documentation import docs_page
from store.server.logs import tell
from store.server.request import Request

_access = logging.getLogger("store.access")


def create_app(
    service: str,
    *,
    title: str,
    blueprints: Sequence[Blueprint],
    max_body_bytes: int = 1_000_000,
) -> Flask:
    """The application with these routes, and around them what every service has.

    Errors as problem documents, request ids, an access log, metrics, /openapi.json and /docs. A
    view that takes larger bodies sets `request.max_content_length` before it reads.
    """
    app = Flask(service, static_folder=None)
    app.request_class = Request
    app.json = OrjsonProvider(app)
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = max_body_bytes
    tracing.trace_app(app)
    app.before_request(_begin)
    measure_http(app)
    app.after_request(_finish)
    api = Api(app, title)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs_page(title))
    return app


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


def _begin() -> None:
    asked = _asked()
    asked.began = time.perf_counter()
    environ = asked.environ
    context.enter(environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"))
    asked.refuse_bad_text()


def _finish(response: Response) -> Response:
    asked = _asked()
    response.headers["X-Request-Id"] = context.request_id.get()
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.status_code == 200 and "HTTP_IF_NONE_MATCH" in asked.environ:
        response.make_conditional(asked)
    _write_access_line(asked, response.status_code)
    return response


def _write_access_line(asked: Request, status: int) -> None:
    # The route's template and not the path: a path may hold a one-time token.
    route = asked.url_rule.rule if asked.url_rule else "unmatched"
    method = asked.method if asked.method in METHODS else "other"
    took = round((time.perf_counter() - asked.began) * 1000, 2)
    facts: dict[str, Any] = {"method": method, "route": route, "status": status}
    facts["duration_ms"] = took
    if asked.view_args and isinstance(order_id := asked.view_args.get("order_id"), UUID):
        facts["order_id"] = str(order_id)
    tell(_access, f"{method} {route} {status} in {took} ms", facts)


def _asked() -> Request:
    # The request itself: each look through Flask's proxy costs a microsecond.
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]
