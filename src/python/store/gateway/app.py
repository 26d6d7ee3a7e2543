"""The gateway's Flask application."""

from flask import Flask

from store.gateway.config import Config
from store.gateway.http import speak_stripe
from store.gateway.pages import about
from store.gateway.routes import api, hosted, test_helpers
from store.server.http.web import create_app as create_service_app

_MAX_BODY_BYTES = 200_000


def create_app(config: Config) -> Flask:
    """Routes, with errors in Stripe's shape instead of the other services'."""
    app = create_service_app(
        "gateway",
        title="virtual-store payment gateway (mock of Stripe's API)",
        blueprints=[api, test_helpers, hosted],
        about=about(config.public_url),
        max_body_bytes=_MAX_BODY_BYTES,
    )
    speak_stripe(app, config)
    return app
