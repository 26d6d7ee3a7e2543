"""A tiny shop for tests of the load: it keeps orders, and does what the buyer's card says."""

import itertools
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from store.testing.fake_store import FakeStore, Reply

SKUS = ("BOWL", "CUP", "MUG", "PLATE", "SPOON", "TEAPOT")
PRICE = 500
_START = datetime(2026, 1, 1, tzinfo=UTC)
_ORDER = re.compile(r"/v1/orders/(\d+)/?(\w*)")
_CHALLENGE = re.compile(r"/challenges/(\d+)")


class FakeShop(FakeStore):
    """Answers at once, unless placing is to take `slow` seconds or the order `pending` first looks."""

    url = ""  # where it is served

    def __init__(self, slow: float = 0.0, pending: int = 0) -> None:
        super().__init__()
        self.slow, self.pending = slow, pending
        self.orders: dict[str, dict[str, Any]] = {}
        self.by_key: dict[str, str] = {}
        self._lock = threading.RLock()
        self._moments = (_START + timedelta(seconds=number) for number in itertools.count())

    def answer(self, method: str, path: str, key: str | None, body: Any) -> Reply:
        if path == "/" or path.startswith(("/v1/users", "/v1/sessions")):
            return super().answer(method, path, key, body)
        self.requests.append((method, path, key, body))
        if path == "/v1/orders":
            time.sleep(self.slow)
        with self._lock:
            return self._catalogue(path) or self._orders(path, key or "", body)

    def bodies(self, ending: str) -> list[Any]:
        """What was sent to every path that ends so."""
        return [body for _, path, _, body in self.requests if path.endswith(ending)]

    def _catalogue(self, path: str) -> Reply | None:
        if path.startswith("/v1/products?"):
            products = [{"id": sku, "title": sku, "variants": [_variant(sku)]} for sku in SKUS]
            return 200, {"items": products, "next_cursor": None}
        if path.startswith("/v1/products/"):
            return 200, {"id": "1"}
        if path.startswith("/v1/variants/"):
            return 200, _variant(path.removeprefix("/v1/variants/").partition("?")[0])
        return None

    def _orders(self, path: str, key: str, body: Any) -> Reply:
        if path == "/v1/orders":
            order_id = self.by_key.setdefault(key, str(len(self.by_key) + 1))
            order = self.orders.setdefault(order_id, self._new(order_id, body))
            return (202, {**order, "state": "pending"}) if self.pending else (201, order)
        if path.startswith("/v1/orders?"):
            return 200, {"items": [*self.orders.values()], "next_cursor": None}
        if asked := _CHALLENGE.match(path):
            return self._challenged(self.orders[asked[1]], body["outcome"])
        found = _ORDER.match(path)
        assert found, path
        return self._changed(self.orders[found[1]], found[2], body)

    def _new(self, order_id: str, body: Any) -> dict[str, Any]:
        state, reason, payment = "confirmed", None, None
        if "Declined" in body["payment_method"]:
            state, reason = "rejected", "payment_declined"
        if "threeDSecure" in body["payment_method"] or "authentication" in body["payment_method"]:
            state = "awaiting_payment"
            payment = {"next_action": {"url": f"{self.url}/challenges/{order_id}"}}
        return {
            "id": order_id,
            "state": state,
            "reason": reason,
            "total": 1000,
            "payment": payment,
            "refunds": [],
            "cancel_requested_at": None,
            "shipping_address": body["shipping_address"],
            "updated_at": next(self._moments).isoformat(),
        }

    def _challenged(self, order: dict[str, Any], outcome: str) -> Reply:
        states = {"complete": ("confirmed", None), "fail": ("rejected", "payment_declined")}
        order["state"], order["reason"] = states[outcome]
        return 303, {}

    def _changed(self, order: dict[str, Any], what: str, body: Any) -> Reply:
        if what == "events":
            return 200, {"items": [{"number": 1}, {"number": 2}]}
        if what == "refunds":
            order["refunds"].append({"amount": body.get("amount", 1000), "state": "succeeded"})
        states = {"cancel": "cancelled", "shipments": "shipped", "delivery": "delivered"}
        if what == "cancel" and order["state"] == "rejected":
            return 409, {"code": "not_cancellable"}
        if not what and self.pending:
            self.pending -= 1
            return 200, {**order, "state": "pending"}
        order["state"] = states.get(what, order["state"])
        order["updated_at"] = next(self._moments).isoformat()
        return (201 if what in {"shipments", "refunds"} else 200), order


def _variant(sku: str) -> dict[str, Any]:
    prices = [{"amount": PRICE, "currency": "EUR"}]
    return {"sku": sku, "product_id": "1", "title": sku, "available": 5, "prices": prices}
