"""What the store has to sell."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from store.cli.errors import CannotProve
from store.loadtest.api import Api, Response
from store.loadtest.load.intents import Item
from store.loadtest.load.plan import Plan
from store.loadtest.target import Target

MAX_PAGES = 20


def read_items(api: Api, target: Target, plan: Plan) -> Sequence[Item]:
    """What the plan may buy, by SKU; CannotProve if there is nothing."""
    items = [_item(api, target, sku) for sku in plan.skus] or [*_in_stock(api, target, plan)]
    if plan.hot_sku and plan.hot_sku not in {item.sku for item in items}:
        items.append(_item(api, target, plan.hot_sku))
    if not items:
        raise CannotProve(f"{target.inventory_url} has nothing in stock for {plan.currency}.")
    return sorted(items, key=lambda item: item.sku)


def _item(api: Api, target: Target, sku: str) -> Item:
    found = _good(api.call("GET", target.inventory(f"/v1/variants/{sku}")))
    return Item(sku, found["product_id"], found["title"])


def _in_stock(api: Api, target: Target, plan: Plan) -> Iterator[Item]:
    """The variants that are to be had, of as many products as a few pages hold."""
    query = {"currency": plan.currency, "in_stock": "true", "limit": "100"}
    for _ in range(MAX_PAGES):
        page = _good(api.call("GET", target.inventory(f"/v1/products?{urlencode(query)}")))
        for product in page["items"]:
            for variant in product["variants"]:
                if variant["available"] > 0 and variant["prices"]:
                    yield Item(variant["sku"], product["id"], product["title"])
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


def _good(answer: Response) -> Mapping[str, Any]:
    if answer.status != 200:
        raise CannotProve(f"The catalogue cannot be read: {answer.status} {answer.code}")
    return dict(answer.body)
