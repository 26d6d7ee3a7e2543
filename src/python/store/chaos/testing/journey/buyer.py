"""Everything that can happen to orders: payment, cancellation, shipment, refunds."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from store.chaos.basket import CHALLENGED, DECLINED, VISA, basket
from store.chaos.own_store import OwnStore
from store.chaos.testing.journey.service_client import ServiceClient
from store.devstack.rest import Rest

PARCEL = {"carrier": "Journey & Sons", "tracking_number": "W-1"}
Order = Mapping[str, Any]


class DemoBuyer:
    """The demo customer at one orders API, with staff who process the orders."""

    def __init__(self, store: OwnStore, email: str, password: str, staff_token: str) -> None:
        with Rest() as rest:
            token = rest.log_in(store.users_url, email, password)
        self.orders = ServiceClient(store.orders_urls[0], token)
        self.staff = ServiceClient(store.orders_urls[0], staff_token)
        self._bank = ServiceClient("")
        shop = ServiceClient(store.inventory_url)
        found = shop.get("/v1/products?currency=EUR&in_stock=true&limit=1")
        self.sku: str = found["items"][0]["variants"][0]["sku"]

    def run(self) -> None:
        """Each way an order can go, one after the other."""
        self.place(DECLINED)
        self.place(VISA, sku="NO-SUCH-SKU", status=422)
        self.place(VISA, units=10_000)
        self._answer_the_challenge("complete")
        self._answer_the_challenge("fail")
        self._have_it_shipped_and_refunded()
        self._cancel()
        self._read_orders()

    def place(
        self, card: str, *, sku: str = "", units: int = 1, status: int | Sequence[int] = 201
    ) -> Order:
        """An order for the SKU, the one of the journey unless it is named; answered with this status."""
        body = basket(sku or self.sku, units, card)
        order: Order = self.orders.post("/v1/orders", body, status=status, headers=_key())
        return order

    def _answer_the_challenge(self, outcome: str) -> None:
        order = self.place(CHALLENGED)
        url = order["payment"]["next_action"]["url"]
        self._bank.request("GET", url)
        self._bank.request("POST", url, status=303, data={"outcome": outcome})

    def _have_it_shipped_and_refunded(self) -> None:
        path = f"/v1/orders/{self.place(VISA, units=2)['id']}"
        self.staff.post(f"{path}/shipments", PARCEL)
        self.staff.post(f"{path}/delivery", status=200)
        for amount in (1, None):
            body = {"reason": "Broken", **({"amount": amount} if amount else {})}
            self.staff.post(f"{path}/refunds", body, headers=_key())

    def _cancel(self) -> None:
        order = self.place(VISA)
        self.orders.post(f"/v1/orders/{order['id']}/cancel", status=200)

    def _read_orders(self) -> None:
        """Read the list, one order, its timeline as it is, and one that goes on while it is read."""
        order = self.place(VISA)
        path = f"/v1/orders/{order['id']}"
        self.orders.get("/v1/orders")
        self.orders.get(path)
        self.orders.get(f"{path}/events")
        with ThreadPoolExecutor(1) as pool:
            live = {"Accept": "text/event-stream"}
            timeline = pool.submit(self.orders.request, "GET", f"{path}/events", headers=live)
            self.orders.post(f"{path}/cancel", status=200)
            timeline.result()
        self.orders.request("GET", f"/v1/orders/{uuid4()}", status=404)


def _key() -> Mapping[str, str]:
    return {"Idempotency-Key": str(uuid4())}
