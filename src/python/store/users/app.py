"""The HTTP application."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from store.auth.http import guard
from store.auth.keys import StaticKeys
from store.auth.tokens import Verifier
from store.server.http.web import create_app as create_store_app

# Each adds its routes to the blueprint of users.
from store.users.api import addresses, passwords, profile, registration, sessions  # noqa: F401
from store.users.api.admin import admin
from store.users.api.dependencies import EXTENSION, UsersDependencies, users
from store.users.api.signing_keys import keys

# The largest body is a registration; nothing here needs more.
MAX_BODY_BYTES = 32_000


def create_app(dependencies: UsersDependencies, proxies: int = 0) -> Flask:
    """The application; `proxies` in front of it are believed about where a request comes from."""
    app = create_store_app(
        "users",
        title="virtual-store users",
        blueprints=[keys, users, admin],
        max_body_bytes=MAX_BODY_BYTES,
    )
    app.extensions[EXTENSION] = dependencies
    guard(app, Verifier(StaticKeys(dependencies.keyring.public)))
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies)  # type: ignore[method-assign]
    return app
