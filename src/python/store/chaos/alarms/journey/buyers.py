"""Everything that can happen to orders: how they are paid, end, are sent and given back."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from store.chaos.alarms.journey.asking import Service
from store.chaos.own_store import OwnStore
from store.devstack.rest import Rest

DEMO_PRICE_CURRENCY = "EUR"
PARCEL = {"carrier": "Walker & Sons", "tracking_number": "W-1"}
ADDRESS = {
    "name": "A. Buyer",
    "line1": "1 Road",
    "city": "London",
    "postal_code": "N1 9GU",
    "country": "GB",
}
PASSES, DECLINES = "pm_card_visa", "pm_card_visa_chargeDeclined"
ASKS_THE_BANK = "pm_card_threeDSecure2Required"

Order = Mapping[str, Any]


class Buyer:
    """The demo customer at one orders API, with staff who serve the orders."""

    def __init__(self, store: OwnStore, email: str, password: str, staff_token: str) -> None:
        with Rest() as rest:
            token = rest.log_in(store.users_url, email, password)
        self.orders = Service(store.orders_urls[0], token)
        self.staff = Service(store.orders_urls[0], staff_token)
        self._bank = Service("")
        shop = Service(store.inventory_url)
        found = shop.get(f"/v1/products?currency={DEMO_PRICE_CURRENCY}&in_stock=true&limit=1")
        self.sku: str = found["items"][0]["variants"][0]["sku"]

    def walk(self) -> None:
        """Each way an order can go, one after the other."""
        self.place(DECLINES)
        self.place(PASSES, sku="NOBODY-KNOWS-IT", status=422)
        self.place(PASSES, units=10_000)
        self._pay_at_the_bank("complete")
        self._pay_at_the_bank("fail")
        self._have_it_sent_and_taken_back()
        self._change_ones_mind()
        self._look()

    def place(
        self, card: str, *, sku: str = "", units: int = 1, status: int | Sequence[int] = 201
    ) -> Order:
        """An order for the SKU, the one of the walk unless it is named; answered with this status."""
        wanted = basket(sku or self.sku, card, units)
        order: Order = self.orders.post("/v1/orders", wanted, status=status, headers=_key())
        return order

    def _pay_at_the_bank(self, outcome: str) -> None:
        order = self.place(ASKS_THE_BANK)
        url = order["payment"]["next_action"]["url"]
        self._bank.ask("GET", url)
        self._bank.ask("POST", url, status=303, data={"outcome": outcome})

    def _have_it_sent_and_taken_back(self) -> None:
        path = f"/v1/orders/{self.place(PASSES, units=2)['id']}"
        self.staff.post(f"{path}/shipments", PARCEL)
        self.staff.post(f"{path}/delivery", status=200)
        for amount in (1, None):
            wanted = {"reason": "Broken", **({"amount": amount} if amount else {})}
            self.staff.post(f"{path}/refunds", wanted, headers=_key())

    def _change_ones_mind(self) -> None:
        order = self.place(PASSES)
        self.orders.post(f"/v1/orders/{order['id']}/cancel", status=200)

    def _look(self) -> None:
        """Read the list, one order, its timeline as it is, and one that goes on while it is read."""
        order = self.place(PASSES)
        path = f"/v1/orders/{order['id']}"
        self.orders.get("/v1/orders")
        self.orders.get(path)
        self.orders.get(f"{path}/events")
        with Watching(self.orders, path):
            self.orders.post(f"{path}/cancel", status=200)
        self.orders.ask("GET", f"/v1/orders/{uuid4()}", status=404)


def basket(sku: str, card: str, units: int = 1) -> Mapping[str, object]:
    """An order for one SKU, to be paid by this card."""
    return {
        "currency": DEMO_PRICE_CURRENCY,
        "lines": [{"sku": sku, "quantity": units}],
        "payment_method": card,
        "shipping_address": ADDRESS,
    }


class Watching:
    """Reads a live timeline while its block lasts, and to its end."""

    def __init__(self, orders: Service, path: str) -> None:
        self._orders, self._path = orders, path
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exc: object) -> None:
        self._thread.join()

    def _read(self) -> None:
        live = {"Accept": "text/event-stream"}
        self._orders.ask("GET", f"{self._path}/events", headers=live)


def _key() -> Mapping[str, str]:
    return {"Idempotency-Key": str(uuid4())}
