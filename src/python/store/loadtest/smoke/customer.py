"""A customer that a smoke test makes, and that is gone when it ends."""

import secrets
from collections.abc import Sequence
from typing import Any

from store.loadtest.customers import NewAccount
from store.loadtest.orders_client import OrdersClient, order_body, shipping_address
from store.loadtest.smoke.product import CURRENCY, PRICE, SKU
from store.loadtest.smoke.steps import DeadlineApi, UnexpectedResponse, expect

Order = dict[str, Any]

POLL_SECONDS = 0.5


class SmokeCustomer:
    """One account with one order; `key` is what both are known by."""

    def __init__(
        self, api: DeadlineApi, users_url: str, orders_url: str, email: str, key: str
    ) -> None:
        self._api, self._key = api, key
        self._me = f"{users_url}/v1/users/me"
        password = secrets.token_urlsafe(24)
        self._account = NewAccount(api, users_url, email, password, "Smoke Test")
        self._orders = OrdersClient(self._account, [orders_url])

    def register(self) -> None:
        """Become a customer, and log in."""
        self._account.token()

    def leave(self) -> None:
        version = expect(self._account.call("GET", self._me)).headers["ETag"]
        expect(self._account.call("DELETE", self._me, headers={"If-Match": version}), 204)

    def place(self, payment_method: str) -> Order:
        """Order one unit; the order as it stands then."""
        address = shipping_address("Smoke Test", "1 Test Street")
        body = order_body(
            {SKU: 1}, address, currency=CURRENCY, payment_method=payment_method, unit_price=PRICE
        )
        return dict(expect(self._orders.place(body, self._key), 201, 202).body)

    def give_back(self) -> None:
        """Cancel what was ordered, even if the answer to that was lost, and see the money come back."""
        for order in expect(self._orders.latest()).body["items"]:
            if order["state"] == "rejected":
                continue
            expect(self._orders.cancel(order["id"]), 202)
            order = self._wait_for("cancelled", order)
            refunded, total = order["refunded"], order["total"]
            if order["payment"]["status"] == "succeeded" and refunded != total:
                raise UnexpectedResponse(f"{refunded} of {total} were given back")

    def wait_until_confirmed(self, order: Order) -> None:
        """Return then; UnexpectedResponse if it is refused, or nothing in time."""
        self._wait_for("confirmed", order, dead_ends=("rejected", "awaiting_payment"))

    def _wait_for(self, state: str, order: Order, dead_ends: Sequence[str] = ()) -> Order:
        while order["state"] != state:
            if order["state"] in dead_ends or not self._api.left:
                raise UnexpectedResponse(f"it is {_standing(order)}")
            self._api.sleep(POLL_SECONDS)
            order = expect(self._orders.get(order["id"])).body
        return order


def _standing(order: Order) -> str:
    payment = order["payment"] or {}
    facts = (order["reason"], payment.get("status"), payment.get("decline_code"))
    known = ", ".join(str(fact) for fact in facts if fact)
    return f"{order['state']} ({known})" if known else str(order["state"])
