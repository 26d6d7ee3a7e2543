"""The route that is measured: a small JSON, bare or with what every service has around it."""

from collections.abc import Callable, Mapping

from flask import Flask, Response, jsonify

from store.metrics.http import SECONDS, measure_http
from store.server.http.blueprint import Blueprint
from store.server.http.web import Application, OrjsonProvider
from store.server.http.web import create_app as create_service_app

CHILDREN = [
    (method, f"/v1/things/<thing>/{part}", status)
    for method in ("GET", "POST")
    for part in range(20)
    for status in (200, 401, 403, 404, 422)
]
"""As many timings as a large service has once every route has been answered in every way."""

things = Blueprint("things", __name__, url_prefix="/v1")


@things.get("/things/<thing>")
def a_thing(thing: str) -> Response:
    """A small JSON, made without a database."""
    return jsonify({"id": thing, "name": "Mug", "price": {"amount": 1250, "currency": "EUR"}})


def bare() -> Flask:
    """An application as our services have it, with nothing that looks on."""
    app = Application("cost", static_folder=None)
    app.json = OrjsonProvider(app)
    app.url_map.merge_slashes = False
    app.add_url_rule("/v1/things/<thing>", view_func=a_thing)
    return app


def measured() -> Flask:
    """The bare one, and every request counted and timed."""
    app = bare()
    measure_http(app)
    _crowd()
    return app


def whole() -> Flask:
    """What every service is: metrics, request ids, problem documents, access lines, traces."""
    app = create_service_app("cost", title="Cost", blueprints=[things])
    _crowd()
    return app


APPS: Mapping[str, Callable[[], Flask]] = {"bare": bare, "measured": measured, "whole": whole}


def _crowd() -> None:
    for child in CHILDREN:
        SECONDS.labels(*child)
