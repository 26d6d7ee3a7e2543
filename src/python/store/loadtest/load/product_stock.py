"""Stock for a proof: a product of its own with so many units, made by the staff over REST."""

from dataclasses import dataclass
from uuid import uuid4

from store.cli.errors import CannotProve
from store.loadtest.api import Response
from store.loadtest.customers import Account
from store.loadtest.load.intents import Item
from store.loadtest.target import Target

WAREHOUSE = "proof"


@dataclass(frozen=True)
class ProductStock:
    """So many units of a SKU, and the price of one in minor units."""

    sku: str
    units: int
    price: int = 1000
    currency: str = "EUR"
    warehouse: str = WAREHOUSE


def put_on_sale(staff: Account, target: Target, stock: ProductStock) -> Item:
    """Create the product if need be, and let its warehouse hold exactly these units.

    Repeating it changes nothing but the units. CannotProve if the store refuses.
    """
    urls = {name: target.inventory(f"/v1/{name}") for name in ("warehouses", "products")}
    _make(staff, urls["warehouses"], {"code": stock.warehouse, "name": "For proofs"})
    price = {"amount": stock.price, "currency": stock.currency}
    variants = [{"sku": stock.sku, "name": "", "prices": [price]}]
    product = {"title": f"Proof {stock.sku}", "status": "active", "variants": variants}
    _make(staff, urls["products"], product)
    movement = {
        "sku": stock.sku,
        "warehouse": stock.warehouse,
        "kind": "counted",
        "quantity": stock.units,
        "reference": f"proof-{uuid4().hex}",
    }
    _check(staff.call("POST", target.inventory("/v1/stock-movements"), movement))
    answer = _check(staff.call("GET", target.inventory(f"/v1/variants/{stock.sku}")))
    return Item(stock.sku, answer.body["product_id"], answer.body["title"])


def _make(staff: Account, url: str, thing: object) -> None:
    """Create a thing, unless it is there."""
    answer = staff.call("POST", url, thing)
    if answer.code not in {"warehouse_exists", "sku_taken"}:
        _check(answer)


def _check(answer: Response) -> Response:
    if answer.status not in {200, 201}:
        raise CannotProve(f"The store refuses the goods: {answer.status} {answer.code}")
    return answer
