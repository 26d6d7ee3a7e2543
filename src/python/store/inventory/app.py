"""The HTTP half of inventory."""

from flask import Flask

from store.auth.http import guard
from store.auth.tokens import Verifier
from store.inventory import category_routes, import_routes, price_routes, product_routes
from store.inventory.stock_routes import stock
from store.server.web import create_app as create_store_app

BLUEPRINTS = [
    product_routes.routes,
    price_routes.routes,
    category_routes.routes,
    import_routes.routes,
    stock,
]


def create_app(verifier: Verifier) -> Flask:
    """The application; whoever calls it opens `models.tables.database`."""
    app = create_store_app("inventory", title="Inventory", blueprints=BLUEPRINTS)
    guard(app, verifier)
    return app
