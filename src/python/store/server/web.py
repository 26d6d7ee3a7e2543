"""The Flask application that every HTTP service is."""

import logging
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from apispec import APISpec
from flask import Flask, Response, g, request
from flask.json.provider import JSONProvider
from flask_smorest import Api
from marshmallow import fields
from werkzeug.exceptions import HTTPException

from store.metrics.http import measure_http
from store.server import context
from store.server.blueprint import Blueprint
from store.server.documentation import docs_page
from store.server.errors import BadRequest, StoreError
from store.server.problems import (
    PROBLEM,
    answer_http_exception,
    answer_store_error,
    answer_unexpected,
)
from store.server.schemas import Schema, Text, Whole

_access = logging.getLogger("store.access")


class BadText(BadRequest):
    """The address holds a NUL byte, or bytes that are not UTF-8."""

    code = "bad_text"

    def __init__(self) -> None:
        super().__init__("The path and the query must be UTF-8 without NUL bytes.")


def create_app(
    service: str,
    *,
    title: str,
    blueprints: Sequence[Blueprint],
    max_body_bytes: int = 1_000_000,
) -> Flask:
    """The application with these routes under problem documents, ids, logs, metrics and docs."""
    app = Flask(service, static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["OPENAPI_URL_PREFIX"] = "/"
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = max_body_bytes
    app.before_request(_begin)
    measure_http(app)
    app.after_request(_finish)
    api = StoreApi(app, spec_kwargs=_spec(title))
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs_page(title))
    return app


class OrjsonProvider(JSONProvider):
    """orjson as Flask's JSON."""

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


class ProblemSchema(Schema):
    """RFC 9457: what went wrong."""

    type = Text(required=True)
    title = Text(required=True)
    status = Whole(required=True)
    code = Text(required=True, metadata={"description": "Stable, for programs."})
    detail = Text(required=True)
    instance = Text(required=True, metadata={"description": "The request id."})
    errors = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))


class StoreApi(Api):
    """flask-smorest's Api, answering every error with a problem document."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        self._app.register_error_handler(StoreError, answer_store_error)
        self._app.register_error_handler(HTTPException, answer_http_exception)
        self._app.register_error_handler(Exception, answer_unexpected)

    def _register_responses(self) -> None:
        super()._register_responses()
        spec: APISpec = self.spec
        body = {PROBLEM: {"schema": self.ERROR_SCHEMA}}
        spec.components.responses.pop("DEFAULT_ERROR", None)
        spec.components.response(
            "DEFAULT_ERROR", {"description": "What went wrong (RFC 9457)", "content": body}
        )


def _spec(title: str) -> dict[str, Any]:
    return {
        "title": title,
        "version": "v1",
        "openapi_version": "3.1.0",
    }


def _begin() -> None:
    g.began = time.perf_counter()
    headers = request.headers
    context.enter(headers.get("X-Request-Id"), headers.get("traceparent"))
    _refuse_bad_text(request.environ)


def _refuse_bad_text(environ: dict[str, Any]) -> None:
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    if path.isascii() and query.isascii() and "\0" not in path and "%" not in query:
        return
    for part in (path.encode("latin-1"), unquote_to_bytes(query.encode("latin-1"))):
        try:
            good = "\0" not in part.decode()
        except UnicodeDecodeError:
            good = False
        if not good:
            raise BadText


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = context.request_id.get()
    response.headers["X-Content-Type-Options"] = "nosniff"
    _access.info(
        "%s %s %s",
        request.method,
        request.path,
        response.status_code,
        extra={
            "method": request.method,
            "route": str(request.url_rule or "unmatched"),
            "status": response.status_code,
            "duration_ms": round((time.perf_counter() - g.began) * 1000, 2),
        },
    )
    return response
