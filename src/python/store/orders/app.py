"""The HTTP application."""

from flask import Flask

from store.auth.http import guard
from store.auth.tokens import Verifier
from store.orders.http import EXTENSION
from store.orders.payment_routes import payment
from store.orders.routes import orders
from store.orders.staff_routes import staff
from store.orders.webhooks.routes import webhooks
from store.orders.wiring import Wiring
from store.server.web import create_app as create_store_app


def create_app(verifier: Verifier, wiring: Wiring) -> Flask:
    """The application; whoever calls it opens `models.database`."""
    blueprints = [orders, staff, payment, webhooks]
    app = create_store_app("orders", title="Orders", blueprints=blueprints)
    app.extensions[EXTENSION] = wiring
    guard(app, verifier)
    return app
