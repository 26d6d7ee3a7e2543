from typing import Any

import pytest

from store.cli.errors import CannotProve
from store.loadtest.accounts import staff_of
from store.loadtest.api import Api
from store.loadtest.load.product_stock import ProductStock, put_on_sale
from store.loadtest.target import Credentials, Target
from store.testing.fake_store import FakeStore, Reply, serving

MADE = [(201, {}), (201, {}), (201, {}), (200, {"product_id": "7", "title": "Proof RUSH"})]
THERE = [(409, {"code": "warehouse_exists"}), (409, {"code": "sku_taken"}), *MADE[2:]]


def put(api: Api, answers: list[Reply]) -> list[tuple[str, Any]]:
    """Put goods on sale in a store that answers this; what it was asked for."""
    store = FakeStore(answers)
    with serving(store) as url:
        target = Target(url, url, (url,), Credentials("sam@example.com", "x"))
        item = put_on_sale(staff_of(api, target), target, ProductStock("RUSH", 100, price=250))
    assert (item.sku, item.product_id, item.title) == ("RUSH", "7", "Proof RUSH")
    return [(path, body) for _, path, _, body in store.requests if "sessions" not in path]


@pytest.mark.parametrize("answers", [MADE, THERE])
def test_a_product_is_on_sale_with_exactly_the_units_wanted(api: Api, answers: list[Reply]) -> None:
    warehouse, product, movement, _ = put(api, answers)
    assert warehouse == ("/v1/warehouses", {"code": "proof", "name": "For proofs"})
    assert product[1]["status"] == "active"
    (variant,) = product[1]["variants"]
    assert (variant["sku"], variant["prices"]) == ("RUSH", [{"amount": 250, "currency": "EUR"}])
    assert movement[0] == "/v1/stock-movements"
    wanted = {"sku": "RUSH", "warehouse": "proof", "kind": "counted", "quantity": 100}
    assert wanted.items() <= movement[1].items()


def test_a_store_that_refuses_is_one_clear_message(api: Api) -> None:
    with pytest.raises(CannotProve, match="refuses the goods: 403 forbidden"):
        put(api, [(403, {"code": "forbidden"})])


def test_without_staff_nothing_can_be_put_on_sale(api: Api) -> None:
    with pytest.raises(CannotProve, match="STAFF_EMAIL"):
        staff_of(api, Target("", "", ("",)))
