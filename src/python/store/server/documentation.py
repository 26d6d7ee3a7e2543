"""/openapi.json and the /docs page, whose assets come from a package and not from a CDN."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory
from markupsafe import escape

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
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
"""


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
