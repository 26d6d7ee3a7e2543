"""flask-smorest's Api, with problem documents as its errors."""

from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Flask
from marshmallow import fields
from werkzeug.exceptions import HTTPException

from store.server.errors import StoreError
from store.server.http.problems import (
    PROBLEM,
    answer_http_exception,
    answer_store_error,
    answer_unexpected,
)
from store.server.http.schemas import Schema


class FieldErrorSchema(Schema):
    """One field and what is wrong with it."""

    field = fields.String(required=True, metadata={"description": "Dotted path: lines.0.sku"})
    reason = fields.String(required=True)


class ProblemSchema(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "Stable, for programs."})
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"description": "The request id."})
    errors = fields.List(fields.Nested(FieldErrorSchema))


class Api(flask_smorest.Api):
    """Answers, and documents, every error as application/problem+json; OpenAPI 3.1."""

    def __init__(self, app: Flask, title: str) -> None:
        app.config["OPENAPI_URL_PREFIX"] = "/"
        spec = {"title": title, "version": "v1", "openapi_version": "3.1.0"}
        super().__init__(app, spec_kwargs=spec)

    def _register_error_handlers(self) -> None:
        self._app.register_error_handler(StoreError, answer_store_error)
        self._app.register_error_handler(HTTPException, answer_http_exception)
        self._app.register_error_handler(Exception, answer_unexpected)

    def _register_responses(self) -> None:
        answers = {status.name: status.phrase for status in HTTPStatus if status >= 400}
        for name, phrase in (answers | {self.DEFAULT_ERROR_RESPONSE_NAME: "An error"}).items():
            document: dict[str, Any] = {"content": {PROBLEM: {"schema": ProblemSchema}}}
            self.spec.components.response(name, document | {"description": phrase}, lazy=True)

    def _register_pagination_header(self) -> None:
        """Nothing: our lists page by the cursor in their body."""
