"""What a buyer does: browse, place, follow, pay, cancel, look."""

import itertools
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from store.loadtest.customers import Account
from store.loadtest.load.actors import Actor
from store.loadtest.load.recorder import Action
from store.loadtest.load.visit import Order, Visit, is_settled

POLL_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)


class Buyer(Actor):
    """One customer with one order."""

    def __init__(self, account: Account, visit: Visit, due: float) -> None:
        super().__init__(account, visit.recorder, due)
        self._visit = visit

    def browse(self) -> int | None:
        """Search, look at a product and at one of its variants; what that costs."""
        item = self._visit.wish.looked_at
        currency = {"currency": self._visit.currency}
        self._read("/v1/products", {**currency, "q": item.title, "limit": "10"})
        self.think(self._visit.wish.thoughts[0])
        self._read(f"/v1/products/{item.product_id}", currency)
        self.think(self._visit.wish.thoughts[1])
        prices = self._read(f"/v1/variants/{item.sku}", currency)["prices"]
        return next((int(price["amount"]) for price in prices), None)

    def place(self, price: int | None) -> Order | None:
        """The order, or None if it was refused. Asking again, wherever, asks for the same order."""
        headers = {"Idempotency-Key": self._visit.key}
        urls = self._visit.orders("/v1/orders")
        action = Action.PLACE_TWICE if self._visit.wish.is_sent_twice else Action.PLACE
        answer = self.do(action, "POST", urls, self._basket(price), headers)
        if answer.status >= 400:
            self.recorder.refuse(self._visit.key, answer.code)
            return None
        return self._visit.tell(answer)

    def follow(self, order: Order, is_over: Callable[[Order], bool] = is_settled) -> Order:
        """The order once nothing is left to do but by its buyer; asks for it until then."""
        if is_over(order):
            return order
        give_up = time.monotonic() + self.account.api.patience
        for pause in itertools.chain(POLL_SECONDS, itertools.repeat(POLL_SECONDS[-1])):
            self.account.api.sleep(pause)
            answer = self.account.call("GET", self._visit.orders(f"/v1/orders/{order['id']}"))
            order = self._visit.tell(self.checked(Action.FOLLOW, answer))
            if is_over(order):
                break
            if time.monotonic() > give_up:
                self.fail(Action.FOLLOW, f"still {order['state']}")
        self.note(Action.FOLLOW, order["state"])
        return order

    def answer_challenge(self, order: Order, outcome: str) -> None:
        """Pass (`complete`) or fail (`fail`) the bank's 3-D Secure page."""
        url = order["payment"]["next_action"]["url"]
        self.took(Action.PAY, self.account.api.submit(url, {"outcome": outcome}))

    def cancel(self, order: Order) -> Order:
        """The order, cancelled or on its way there; how it stands if it is too late for that."""
        url = self._visit.orders(f"/v1/orders/{order['id']}/cancel")
        answer = self.do(Action.CANCEL, "POST", url)
        return self.look(order) if answer.status >= 400 else self._visit.tell(answer)

    def look(self, order: Order) -> Order:
        """The order as it is now."""
        url = self._visit.orders(f"/v1/orders/{order['id']}")
        return self._visit.tell(self.do(Action.LOOK, "GET", url))

    def find(self) -> Order | None:
        """The order among the latest of one's orders, if it is there."""
        orders = self.do(Action.LOOK, "GET", self._visit.orders("/v1/orders?limit=20")).body
        mine = (
            order
            for order in orders["items"]
            if order["shipping_address"].get("line2") == self._visit.key
        )
        return next(mine, None)

    def read_timeline(self, order: Order) -> None:
        """Read what has happened; a gap in it is a failure."""
        url = self._visit.orders(f"/v1/orders/{order['id']}/events")
        events = self.do(Action.LOOK, "GET", url).body["items"]
        if [event["number"] for event in events] != [*range(1, len(events) + 1)]:
            self.fail(Action.LOOK, "a gap in the timeline")

    def _read(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        url = self._visit.target.inventory(f"{path}?{urlencode(query)}")
        return dict(self.do(Action.BROWSE, "GET", url).body)

    def _basket(self, price: int | None) -> dict[str, object]:
        """The body of the order; its second address line is how one finds it in a list."""
        wish = self._visit.wish
        lines = [{"sku": sku, "quantity": units} for sku, units in wish.lines.items()]
        if wish.names_price and price is not None:
            lines[0] |= {"unit_price": price}
        return {
            "currency": self._visit.currency,
            "lines": lines,
            "payment_method": wish.payment_method,
            "shipping_address": {
                "name": f"Buyer {wish.number}",
                "line1": "1 Load Lane",
                "line2": self._visit.key,
                "city": "London",
                "postal_code": "N1 9GU",
                "country": "GB",
            },
        }
