"""What the staff do with an order: ship, deliver, refund."""

from store.loadtest.customers import Account
from store.loadtest.load.actors import Actor
from store.loadtest.load.purchase import Order, Purchase
from store.loadtest.load.recorder import Action
from store.loadtest.orders_client import OrdersClient


class Clerk(Actor):
    """Somebody of the staff who deals with one order."""

    def __init__(self, account: Account, purchase: Purchase, due: float) -> None:
        super().__init__(account, purchase.recorder, due)
        self._purchase = purchase
        self._orders = OrdersClient(account, purchase.replicas)

    def ship(self, order: Order) -> None:
        answer = self._orders.ship(order["id"], "Load Logistics", self._purchase.key)
        if self.record(Action.SHIP, answer).status < 400:
            self._purchase.receive(answer)

    def deliver(self, order: Order) -> None:
        self._purchase.receive(self.record(Action.DELIVER, self._orders.deliver(order["id"])))

    def refund(self, order: Order, amount: int | None, number: int = 1) -> None:
        """Give back an amount, or all that is left; `number` counts the refunds of the order."""
        key = f"{self._purchase.key}-refund-{number}"
        answer = self._orders.refund(order["id"], key, "Did not fit.", amount)
        self.record(Action.REFUND, answer)
