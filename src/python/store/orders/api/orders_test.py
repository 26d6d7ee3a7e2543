"""Reading and cancelling orders over HTTP, and who may."""

from uuid import UUID

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller, Role
from store.auth.testing import Signer
from store.orders.conftest import Get, Place
from store.orders.models.queries import order_of
from store.orders.testing.fake_inventory import PRICE
from store.orders.testing.fake_payments import DECLINED
from store.orders.testing.faults import Fault
from store.orders.testing.shop import FakeShop, bring_to_rest
from store.server.ids import new_id


def test_buyers_see_their_own_orders_newest_first(place: Place, get: Get) -> None:
    ids = [place(lines=[{"sku": "MUG", "quantity": 1}]).json["id"] for _ in range(3)]
    place(who=Caller(new_id(), Role.CUSTOMER))
    first = get("?limit=2").json
    rest = get(f"?limit=2&cursor={first['next_cursor']}").json
    assert [order["id"] for order in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


def test_staff_see_all_orders_by_state_and_buyer(
    place: Place, get: Get, buyer: Caller, clerk: Caller
) -> None:
    mine = place().json["id"]
    other = place(who=Caller(new_id(), Role.CUSTOMER), payment_method=DECLINED).json["id"]

    def seen(query: str, who: Caller = clerk) -> list[str]:
        return [order["id"] for order in get(query, who).json["items"]]

    assert seen("") == [other, mine]
    assert seen("?state=rejected") == [other]
    assert seen(f"?buyer={buyer.id}") == [mine]
    assert seen("?state=rejected", buyer) == []


@pytest.mark.parametrize(
    "query",
    ["?limit=0", "?limit=101", "?limit=x", "?state=lost", "?buyer=me", "?cursor=zzz", "?page=2"],
)
def test_a_bad_query_is_refused(get: Get, query: str) -> None:
    assert 400 <= get(query).status_code < 500


def test_a_cursor_of_another_list_is_refused(place: Place, get: Get) -> None:
    order_id = place().json["id"]
    cursor = get(f"/{order_id}/events?limit=1").json["next_cursor"]
    assert get(f"?cursor={cursor}").json["code"] == "bad_cursor"


def test_an_order_has_the_etag_of_its_version(place: Place, get: Get) -> None:
    answer = place()
    order_id = answer.json["id"]
    assert get(f"/{order_id}").headers["ETag"] == f'"v{order_of(UUID(order_id)).version}"'


def test_strangers_learn_nothing(
    place: Place, get: Get, client: FlaskClient, signer: Signer
) -> None:
    order_id, stranger = place().json["id"], Caller(new_id(), Role.CUSTOMER)
    for path in (f"/{order_id}", f"/{order_id}/events", f"/{new_id()}"):
        answer = get(path, stranger)
        assert (answer.status_code, answer.json["code"]) == (404, "order_not_found")
    cancelled = client.post(f"/v1/orders/{order_id}/cancel", headers=signer.headers(stranger))
    assert cancelled.status_code == 404


def test_a_buyer_cancels_and_gets_everything_back(
    place: Place, client: FlaskClient, signer: Signer, buyer: Caller, shop: FakeShop
) -> None:
    order_id, headers = place().json["id"], signer.headers(buyer)
    for _ in range(2):
        answer = client.post(f"/v1/orders/{order_id}/cancel", headers=headers)
        order = answer.json or {}
        assert (answer.status_code, order["state"], order["reason"]) == (
            200,
            "cancelled",
            "cancelled_by_buyer",
        )
        assert (order["refunded"], shop.inventory.shelf["MUG"]) == (2 * PRICE, 5)
    assert shop.payments.faults.calls["refund"] == 1


def test_a_cancellation_that_takes_long_is_promised(
    place: Place, client: FlaskClient, signer: Signer, clerk: Caller, shop: FakeShop
) -> None:
    order_id = place().json["id"]
    shop.payments.faults.next("refund", *[Fault.TIMED_OUT] * 50)
    answer = client.post(f"/v1/orders/{order_id}/cancel", headers=signer.headers(clerk))
    assert (answer.status_code, (answer.json or {})["state"]) == (202, "confirmed")
    shop.payments.faults.waiting.clear()
    order = bring_to_rest(UUID(order_id), shop)
    assert (order.state, order.reason) == ("cancelled", "cancelled_by_staff")


ROUTES = [
    ("POST", "/v1/orders"),
    ("GET", "/v1/orders"),
    ("GET", f"/v1/orders/{new_id()}"),
    ("POST", f"/v1/orders/{new_id()}/cancel"),
    ("GET", f"/v1/orders/{new_id()}/events"),
]
STAFF_ROUTES = [
    ("POST", f"/v1/orders/{new_id()}/shipments"),
    ("POST", f"/v1/orders/{new_id()}/delivery"),
    ("POST", f"/v1/orders/{new_id()}/refunds"),
]


@pytest.mark.parametrize(("method", "path"), [*ROUTES, *STAFF_ROUTES])
def test_nobody_gets_in_without_a_token(client: FlaskClient, method: str, path: str) -> None:
    assert client.open(path, method=method).status_code == 401


@pytest.mark.parametrize(("method", "path"), STAFF_ROUTES)
def test_customers_do_no_staff_work(
    client: FlaskClient, signer: Signer, buyer: Caller, method: str, path: str
) -> None:
    assert client.open(path, method=method, headers=signer.headers(buyer)).status_code == 403


def test_every_route_of_orders_is_in_one_of_the_tables(client: FlaskClient) -> None:
    paths = (client.get("/openapi.json").json or {})["paths"]
    ours = {path: methods for path, methods in paths.items() if "webhook-endpoints" not in path}
    known = [method for methods in ours.values() for method in methods if method != "parameters"]
    assert len(known) == len(ROUTES) + len(STAFF_ROUTES) + 1  # the gateway's webhook is signed
