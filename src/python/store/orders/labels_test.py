"""No label is made of what others send: whatever that is, there are no more series than at the start."""

import orjson
from prometheus_client import REGISTRY

from store.auth.callers import Caller
from store.orders.conftest import Buy
from store.orders.errors import PaymentDeclined
from store.orders.models.order import Line, Order
from store.orders.testing.fake_payments import DECLINED
from store.orders.testing.shop import ADDRESS, FakeShop, started
from store.orders.use_cases.gateway_events import receive_event
from store.orders.use_cases.placement import Basket, place_order
from store.orders.worker import Worker


def series() -> set[tuple[str, ...]]:
    """All series of orders, as their name and the values of their labels."""
    return {
        (sample.name, *sample.labels.values())
        for family in REGISTRY.collect()
        for sample in family.samples
        if family.name.startswith(("order", "payment_webhooks", "webhook_"))
    }


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_everything_is_shown_from_the_start(buy: Buy, shop: FakeShop) -> None:
    Worker(shop)
    known = series()
    assert buy(1).state == "confirmed"
    assert buy(1, method=DECLINED).state == "rejected"
    assert buy(9).reason == "out_of_stock"
    assert series() == known
    assert ("orders_in_progress", "awaiting_payment") in known


def test_a_webhook_of_an_unknown_type_is_another(shop: FakeShop) -> None:
    known, before = series(), value("payment_webhooks_total", type="other", outcome="new")
    for number, kind in enumerate(("invoice.paid", "", 'payment_intent."new"', "x" * 500)):
        event = {"id": f"evt_{number}", "type": kind, "data": {"object": {}}}
        receive_event(orjson.dumps(event), shop)
    assert value("payment_webhooks_total", type="other", outcome="new") == before + 4
    assert series() == known


def test_a_bank_s_reason_of_tomorrow_is_another(buy: Buy, shop: FakeShop) -> None:
    labels = {"outcome": "declined", "decline_code": "other"}
    known, before = series(), value("order_payments_total", **labels)
    shop.payments.faults.next("authorise", PaymentDeclined("a_reason_of_tomorrow"))
    assert buy(1).reason == "payment_declined"
    assert value("order_payments_total", **labels) == before + 1
    assert series() == known


def test_money_of_a_country_that_is_none_is_another(buyer: Caller, shop: FakeShop) -> None:
    def paid(currency: str) -> Order:
        basket = Basket(currency, (Line("MUG", 1),), "pm_card_visa", ADDRESS)
        return place_order(buyer, basket, started(buyer), shop, 2.0)

    before = value("orders_captured_minor_units_total", currency="other")
    orders = [paid(currency) for currency in ("QQQ", "XQX", "ZZZ")]
    captured = sum(order.captured for order in orders)
    assert value("orders_captured_minor_units_total", currency="other") == before + captured > 0
    assert not {row for row in series() if row[-1] in ("QQQ", "XQX", "ZZZ")}
