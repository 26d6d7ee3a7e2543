"""Goods for a proof: a product of its own with so many units, made by the staff over REST."""

from dataclasses import dataclass
from uuid import uuid4

from store.cli.errors import CannotProve
from store.loadtest.api import Answer
from store.loadtest.customers import Account
from store.loadtest.load.intents import Item
from store.loadtest.load.target import Target

WAREHOUSE = "proof"


@dataclass(frozen=True)
class Goods:
    """So many units of a SKU, and the price of one in minor units."""

    sku: str
    units: int
    price: int = 1000
    currency: str = "EUR"
    warehouse: str = WAREHOUSE


def put_on_sale(staff: Account, target: Target, goods: Goods) -> Item:
    """Create the product if need be, and let its warehouse hold exactly these units.

    Repeating it changes nothing but the units. CannotProve if the store refuses.
    """
    stock = Stockroom(staff, target)
    stock.make("/v1/warehouses", {"code": goods.warehouse, "name": "For proofs"})
    price = {"amount": goods.price, "currency": goods.currency}
    variants = [{"sku": goods.sku, "name": "", "prices": [price]}]
    product = {"title": f"Proof {goods.sku}", "status": "active", "variants": variants}
    stock.make("/v1/products", product)
    stock.count(goods)
    return stock.item(goods.sku)


class Stockroom:
    """What the staff can do in inventory."""

    def __init__(self, staff: Account, target: Target) -> None:
        self._staff, self._target = staff, target

    def make(self, path: str, thing: object) -> None:
        """Create a thing, unless it is there."""
        answer = self._staff.call("POST", self._target.inventory(path), thing)
        if answer.code not in {"warehouse_exists", "sku_taken"}:
            _good(answer)

    def count(self, goods: Goods) -> None:
        """Say that the warehouse holds exactly these units."""
        movement = {
            "sku": goods.sku,
            "warehouse": goods.warehouse,
            "kind": "counted",
            "quantity": goods.units,
            "reference": f"proof-{uuid4().hex}",
        }
        _good(self._staff.call("POST", self._target.inventory("/v1/stock-movements"), movement))

    def item(self, sku: str) -> Item:
        """The item, as buyers know it."""
        found = _good(self._staff.call("GET", self._target.inventory(f"/v1/variants/{sku}"))).body
        return Item(sku, found["product_id"], found["title"])


def _good(answer: Answer) -> Answer:
    if answer.status not in {200, 201}:
        raise CannotProve(f"The store refuses the goods: {answer.status} {answer.code}")
    return answer
