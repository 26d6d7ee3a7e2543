"""The HTTP application."""

from flask import Flask

from store.auth.http import guard
from store.auth.tokens import Verifier
from store.orders.api import dependencies as of_orders
from store.orders.api.orders import orders
from store.orders.api.payment import payment
from store.orders.api.staff import staff
from store.orders.composition import AppDependencies
from store.orders.webhooks import dependencies as of_webhooks
from store.orders.webhooks.routes import webhooks
from store.server.http.web import create_app as create_store_app


def create_app(verifier: Verifier, dependencies: AppDependencies) -> Flask:
    """The application; whoever calls it opens the database."""
    blueprints = [orders, staff, payment, webhooks]
    app = create_store_app("orders", title="Orders", blueprints=blueprints)
    app.extensions[of_orders.EXTENSION] = dependencies
    app.extensions[of_webhooks.EXTENSION] = dependencies
    guard(app, verifier)
    return app
