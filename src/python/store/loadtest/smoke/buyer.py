"""A customer that a smoke test makes, and that is gone when it ends."""

import secrets
from collections.abc import Sequence
from typing import Any

from store.loadtest.api import Answer
from store.loadtest.customers import Account
from store.loadtest.smoke.product import CURRENCY, PRICE, SKU
from store.loadtest.smoke.steps import HurriedApi, Unexpected, good

Order = dict[str, Any]

POLL_SECONDS = 0.5
_ADDRESS = {
    "name": "Smoke Test",
    "line1": "1 Test Street",
    "city": "London",
    "postal_code": "N1 9GU",
    "country": "GB",
}


class Buyer:
    """One account with one order; `name` is what both are known by."""

    def __init__(
        self, api: HurriedApi, users_url: str, orders_url: str, email: str, name: str
    ) -> None:
        self._users_url, self._orders_url = users_url, orders_url
        self._api, self._name, self._email = api, name, email
        self._password = secrets.token_urlsafe(24)
        self._account = Account(api, users_url, email, self._password)

    def register(self) -> None:
        """Become a customer, and log in."""
        body = {"email": self._email, "password": self._password, "name": "Smoke Test"}
        good(self._api.call("POST", f"{self._users_url}/v1/users", body), 202)
        self._account.headers()

    def leave(self) -> None:
        """Delete the account."""
        url = f"{self._users_url}/v1/users/me"
        version = good(self._account.call("GET", url)).headers["ETag"]
        good(self._account.call("DELETE", url, headers={"If-Match": version}), 204)

    def place(self, payment_method: str) -> Order:
        """Order one unit; the order as it stands then."""
        body = {
            "currency": CURRENCY,
            "lines": [{"sku": SKU, "quantity": 1, "unit_price": PRICE}],
            "payment_method": payment_method,
            "shipping_address": _ADDRESS,
        }
        return dict(good(self._orders("POST", "", body), 201, 202).body)

    def give_back(self) -> None:
        """Cancel what was ordered, even if the answer to that was lost, and see the money come back."""
        for order in good(self._orders("GET", "")).body["items"]:
            if order["state"] != "rejected":
                good(self._orders("POST", f"/{order['id']}/cancel"), 202)
                order = self._wait_for("cancelled", order)
                if (
                    order["payment"]["status"] == "succeeded"
                    and order["refunded"] != order["total"]
                ):
                    raise Unexpected(f"{order['refunded']} of {order['total']} were given back")

    def wait_until_confirmed(self, order: Order) -> None:
        """Return then; Unexpected if it is refused, or nothing in time."""
        self._wait_for("confirmed", order, dead_ends=("rejected", "awaiting_payment"))

    def _wait_for(self, state: str, order: Order, dead_ends: Sequence[str] = ()) -> Order:
        while order["state"] != state:
            if order["state"] in dead_ends or not self._api.left:
                raise Unexpected(f"it is {_standing(order)}")
            self._api.sleep(POLL_SECONDS)
            order = good(self._orders("GET", f"/{order['id']}")).body
        return order

    def _orders(self, method: str, path: str, body: object = None) -> Answer:
        key = {"Idempotency-Key": self._name} if body else {}
        return self._account.call(method, f"{self._orders_url}/v1/orders{path}", body, key)


def _standing(order: Order) -> str:
    payment = order["payment"] or {}
    facts = (order["reason"], payment.get("status"), payment.get("decline_code"))
    told = ", ".join(str(fact) for fact in facts if fact)
    return f"{order['state']} ({told})" if told else str(order["state"])
