"""What a buyer does: browse, place, follow, pay, cancel, look."""

import itertools
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from store.loadtest.customers import Account
from store.loadtest.load.actors import Actor
from store.loadtest.load.purchase import Order, Purchase, is_settled
from store.loadtest.load.recorder import Action
from store.loadtest.orders_client import OrdersClient, order_body, shipping_address

POLL_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)


class Buyer(Actor):
    """One customer with one order."""

    def __init__(self, account: Account, purchase: Purchase, due: float) -> None:
        super().__init__(account, purchase.recorder, due)
        self._purchase = purchase
        self._orders = OrdersClient(account, purchase.replicas)

    def browse(self) -> int | None:
        """Search, look at a product and at one of its variants; what that costs."""
        intent = self._purchase.intent
        item, currency = intent.looked_at, {"currency": self._purchase.currency}
        self._read("/v1/products", {**currency, "q": item.title, "limit": "10"})
        self.think(intent.thoughts[0])
        self._read(f"/v1/products/{item.product_id}", currency)
        self.think(intent.thoughts[1])
        prices = self._read(f"/v1/variants/{item.sku}", currency)["prices"]
        return next((int(price["amount"]) for price in prices), None)

    def place(self, price: int | None) -> Order | None:
        """The order, or None if it was refused. Asking again, wherever, asks for the same order."""
        purchase, intent = self._purchase, self._purchase.intent
        body = order_body(
            intent.lines,
            # The second line is how one finds the order in a list.
            shipping_address(f"Buyer {intent.number}", "1 Load Lane", line2=purchase.key),
            currency=purchase.currency,
            payment_method=intent.payment_method,
            unit_price=price if intent.names_price else None,
        )
        action = Action.PLACE_TWICE if intent.is_sent_twice else Action.PLACE
        answer = self.record(action, self._orders.place(body, purchase.key))
        if answer.status >= 400:
            self.recorder.refuse(purchase.key, answer.code)
            return None
        return purchase.receive(answer)

    def follow(self, order: Order, is_over: Callable[[Order], bool] = is_settled) -> Order:
        """The order once nothing is left to do but by its buyer; asks for it until then."""
        if is_over(order):
            return order
        give_up = time.monotonic() + self.account.api.patience
        for pause in itertools.chain(POLL_SECONDS, itertools.repeat(POLL_SECONDS[-1])):
            self.account.api.sleep(pause)
            answer = self._orders.get(order["id"])
            order = self._purchase.receive(self.check(Action.FOLLOW, answer))
            if is_over(order):
                break
            if time.monotonic() > give_up:
                self.fail(Action.FOLLOW, f"still {order['state']}")
        self.note(Action.FOLLOW, order["state"])
        return order

    def answer_challenge(self, order: Order, outcome: str) -> None:
        """Pass (`complete`) or fail (`fail`) the bank's 3-D Secure page."""
        url = order["payment"]["next_action"]["url"]
        self.record(Action.PAY, self.account.api.submit(url, {"outcome": outcome}))

    def cancel(self, order: Order) -> Order:
        """The order, cancelled or on its way there; how it stands if it is too late for that."""
        answer = self.record(Action.CANCEL, self._orders.cancel(order["id"]))
        return self.look(order) if answer.status >= 400 else self._purchase.receive(answer)

    def look(self, order: Order) -> Order:
        return self._purchase.receive(self.record(Action.LOOK, self._orders.get(order["id"])))

    def find(self) -> Order | None:
        """The order among the latest of one's orders, if it is there."""
        orders = self.record(Action.LOOK, self._orders.latest()).body["items"]
        mine = (
            order
            for order in orders
            if order["shipping_address"].get("line2") == self._purchase.key
        )
        return next(mine, None)

    def read_timeline(self, order: Order) -> None:
        """Read what has happened; a gap in it is a failure."""
        events = self.record(Action.LOOK, self._orders.events(order["id"])).body["items"]
        if [event["number"] for event in events] != [*range(1, len(events) + 1)]:
            self.fail(Action.LOOK, "a gap in the timeline")

    def _read(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        url = self._purchase.target.inventory(f"{path}?{urlencode(query)}")
        return dict(self.record(Action.BROWSE, self.account.call("GET", url)).body)
