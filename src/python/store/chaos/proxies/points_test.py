import pytest

from store.chaos.proxies.points import CALLS, POINTS, front_call, gateway_call, inventory_call


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/v1/payment_intents", "authorise"),
        ("GET", "/v1/payment_intents/pi_1", "look"),
        ("GET", "/v1/payment_intents?created[gte]=1&limit=100", "look"),
        ("POST", "/v1/payment_intents/pi_1/capture", "capture"),
        ("POST", "/v1/payment_intents/pi_1/cancel", "void"),
        ("POST", "/v1/refunds", "refund"),
        ("GET", "/v1/refunds/re_1", "look"),
        ("GET", "/v1/refunds?payment_intent=pi_1", "look"),
        ("POST", "/v1/payment_intents/pi_1/confirm", None),
        ("POST", "/v1/test_helpers/faults", None),
        ("GET", "/v1/events", None),
    ],
)
def test_the_gateways_calls_have_names(method: str, path: str, call: str | None) -> None:
    assert gateway_call(method, path) == call


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/v1/orders", "answer"),
        ("GET", "/v1/orders", None),
        ("POST", "/v1/orders/7/cancel", None),
    ],
)
def test_only_the_placing_of_an_order_has_a_point(method: str, path: str, call: str | None) -> None:
    assert front_call(method, path) == call


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("/store.inventory.v1.Inventory/Reserve", "reserve"),
        ("/store.inventory.v1.Inventory/Commit", "commit"),
        ("/store.inventory.v1.Inventory/Release", "release"),
        ("/store.inventory.v1.Inventory/Quote", None),
        ("/grpc.health.v1.Health/Check", None),
        ("/store.test.Echo/Reserve", None),
    ],
)
def test_inventorys_calls_have_names(method: str, call: str | None) -> None:
    assert inventory_call(method) == call


def test_every_call_has_a_point_on_either_side_and_no_name_twice() -> None:
    assert len(POINTS) == len(set(POINTS)) == 2 * len(CALLS) == 18
    assert {"reserve.before", "capture.after", "answer.after"} < set(POINTS)
