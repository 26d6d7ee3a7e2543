"""The HTTP application."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from store.auth.http import guard
from store.auth.keys import StaticKeys
from store.auth.tokens import Verifier
from store.server.http import web
from store.users import admin_routes, routes
from store.users.wiring import Wiring

# The largest body is a registration; nothing here needs more.
MOST_BODY_BYTES = 32_000


def create_app(wiring: Wiring, proxies: int = 0) -> Flask:
    """The application; `proxies` in front of it are believed about where a request comes from."""
    app = web.create_app(
        "users",
        title="virtual-store users",
        blueprints=[routes.keys, routes.users, admin_routes.admin],
        max_body_bytes=MOST_BODY_BYTES,
    )
    app.extensions[routes.EXTENSION] = wiring
    guard(app, Verifier(StaticKeys(wiring.keyring.public)))
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies)  # type: ignore[method-assign]
    return app
