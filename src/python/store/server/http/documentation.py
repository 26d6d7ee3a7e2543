"""What says how a service is used: / names /docs, whose assets come from a package, not from a CDN."""

import os
from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, jsonify, request, send_from_directory
from markupsafe import escape

MAX_AGE_SECONDS = 60
"""How long / may be kept: for so long it may name the version before."""

_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# The package's own page starts its script inline, which the policy forbids.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_FRONT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_FRONT_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
{about}
<p>Version {version}. <a href="/docs">API documentation</a>, <a href="/openapi.json">OpenAPI document</a></p>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
"""


def front_page(service: str, title: str, about: str = "") -> Blueprint:
    """The route /: which service this is, its version, and where it is documented.

    JSON, or a page for who prefers HTML, as browsers do; `about` is HTML that the page says besides.
    """
    version = os.environ.get("VERSION") or "dev"
    facts = {"service": service, "title": title, "version": version}
    links = {"docs": "/docs", "openapi": "/openapi.json"}
    page = _FRONT_PAGE.format(title=escape(title), version=escape(version), about=about)
    front = Blueprint("front", __name__)

    @front.get("/")
    def show() -> Response:
        kind = request.accept_mimetypes.best_match(("application/json", "text/html"))
        if kind == "text/html":
            answer = Response(page, headers={"Content-Security-Policy": _FRONT_POLICY})
        else:
            answer = jsonify(facts | links)
        answer.vary.add("Accept")
        answer.cache_control.public, answer.cache_control.max_age = True, MAX_AGE_SECONDS
        answer.add_etag()
        return answer

    return front


def docs_page(title: str) -> Blueprint:
    """The routes under /docs."""
    page = _PAGE.format(title=escape(title))
    docs = Blueprint("docs", __name__, url_prefix="/docs")

    @docs.get("")
    def show() -> Response:
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})

    @docs.get("/start.js")
    def start() -> Response:
        return Response(_START, mimetype="text/javascript")

    @docs.get("/<path:name>")
    def asset(name: str) -> Response:
        return send_from_directory(_ASSETS, name, max_age=3600)

    return docs
