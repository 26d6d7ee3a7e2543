"""What the staff do with an order: ship, deliver, refund."""

from store.loadtest.customers import Account
from store.loadtest.load.actors import Actor
from store.loadtest.load.recorder import Action
from store.loadtest.load.visit import Order, Visit


class Clerk(Actor):
    """Somebody of the staff who deals with one order."""

    def __init__(self, account: Account, visit: Visit, due: float) -> None:
        super().__init__(account, visit.recorder, due)
        self._visit = visit

    def ship(self, order: Order) -> None:
        """Hand it to a carrier."""
        parcel = {"carrier": "Load Logistics", "tracking_number": self._visit.key}
        url = self._visit.orders(f"/v1/orders/{order['id']}/shipments")
        answer = self.do(Action.SHIP, "POST", url, parcel)
        if answer.status < 400:
            self._visit.tell(answer)

    def deliver(self, order: Order) -> None:
        """Mark it as delivered."""
        url = self._visit.orders(f"/v1/orders/{order['id']}/delivery")
        self._visit.tell(self.do(Action.DELIVER, "POST", url))

    def refund(self, order: Order, amount: int | None, number: int = 1) -> None:
        """Give back an amount, or all that is left; `number` counts the refunds of the order."""
        key = {"Idempotency-Key": f"{self._visit.key}-refund-{number}"}
        body = {"reason": "Did not fit.", **({"amount": amount} if amount else {})}
        url = self._visit.orders(f"/v1/orders/{order['id']}/refunds")
        self.do(Action.REFUND, "POST", url, body, key)
