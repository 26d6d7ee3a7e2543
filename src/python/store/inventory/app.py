"""The HTTP half of inventory."""

from flask import Flask

from store.auth.http import guard
from store.auth.tokens import Verifier
from store.inventory.api import categories, imports, prices, products, stock
from store.server.http.web import create_app as create_store_app

BLUEPRINTS = [
    products.routes,
    prices.routes,
    categories.routes,
    imports.routes,
    stock.routes,
]


def create_app(verifier: Verifier) -> Flask:
    """The application; whoever calls it opens `models.tables.database`."""
    app = create_store_app("inventory", title="Inventory", blueprints=BLUEPRINTS)
    guard(app, verifier)
    return app
