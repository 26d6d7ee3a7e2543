"""The orders of one account over REST: a method for each request, and the bodies that go with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from store.loadtest.api import Response
from store.loadtest.customers import Account


def shipping_address(name: str, line1: str, **fields: str) -> dict[str, str]:
    """An address in London, unless the fields say otherwise."""
    city = {"city": "London", "postal_code": "N1 9GU", "country": "GB"}
    return {"name": name, "line1": line1, **city, **fields}


def order_body(
    lines: Mapping[str, int],
    address: Mapping[str, str],
    *,
    currency: str = "EUR",
    payment_method: str = "pm_card_visa",
    unit_price: int | None = None,
) -> dict[str, Any]:
    """The body of `POST /v1/orders`: units by SKU; `unit_price` is what the first line may cost."""
    items: list[dict[str, Any]] = [{"sku": sku, "quantity": units} for sku, units in lines.items()]
    if unit_price is not None:
        items[0]["unit_price"] = unit_price
    return {
        "currency": currency,
        "lines": items,
        "payment_method": payment_method,
        "shipping_address": dict(address),
    }


class OrdersClient:
    """What an account asks of orders: at the first of these replicas, and at the next if that fails."""

    def __init__(self, account: Account, replicas: Sequence[str]) -> None:
        self._account = account
        self._urls = [f"{url.rstrip('/')}/v1/orders" for url in replicas]

    def place(self, order: Mapping[str, object], key: str) -> Response:
        """Place an order. Repeated under the same Idempotency-Key it is the same order."""
        return self._call("POST", "", order, key)

    def latest(self, limit: int = 20) -> Response:
        return self._call("GET", f"?limit={limit}")

    def get(self, order_id: str) -> Response:
        return self._call("GET", f"/{order_id}")

    def events(self, order_id: str) -> Response:
        return self._call("GET", f"/{order_id}/events")

    def cancel(self, order_id: str) -> Response:
        return self._call("POST", f"/{order_id}/cancel")

    def ship(self, order_id: str, carrier: str, tracking_number: str) -> Response:
        """Hand it to a carrier; for staff."""
        parcel = {"carrier": carrier, "tracking_number": tracking_number}
        return self._call("POST", f"/{order_id}/shipments", parcel)

    def deliver(self, order_id: str) -> Response:
        """Mark it as delivered; for staff."""
        return self._call("POST", f"/{order_id}/delivery")

    def refund(self, order_id: str, key: str, reason: str, amount: int | None = None) -> Response:
        """Give back an amount, or all that is left; for staff."""
        body = {"reason": reason, **({"amount": amount} if amount else {})}
        return self._call("POST", f"/{order_id}/refunds", body, key)

    def _call(self, method: str, path: str, body: object = None, key: str = "") -> Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self._account.call(method, [f"{url}{path}" for url in self._urls], body, headers)
