"""The gateway's Flask application."""

from flask import Flask

from store.gateway.api.errors import answer_errors
from store.gateway.api.pages import about
from store.gateway.api.routes import api, hosted, test_helpers
from store.gateway.api.settings import EXTENSION, ApiSettings
from store.gateway.api.wire import finish
from store.gateway.config import GatewayConfig
from store.server.http.web import create_app as create_store_app

_MAX_BODY_BYTES = 200_000


def create_app(config: GatewayConfig) -> Flask:
    """Routes, with errors in Stripe's shape instead of the other services'."""
    app = create_store_app(
        "gateway",
        title="virtual-store payment gateway (mock of Stripe's API)",
        blueprints=[api, test_helpers, hosted],
        about=about(config.public_url),
        max_body_bytes=_MAX_BODY_BYTES,
    )
    webhooks = bool(config.webhook_url)
    app.extensions[EXTENSION] = ApiSettings(config.api_keys, config.public_url, webhooks)
    app.after_request(finish)
    answer_errors(app)
    return app
