"""A whole journey: from the first look at the catalogue to the end of the order."""

import itertools
import time
from threading import Event

from store.loadtest.customers import Account
from store.loadtest.load.actors import beside
from store.loadtest.load.buyer import POLL_SECONDS, Buyer
from store.loadtest.load.clerk import Clerk
from store.loadtest.load.plan import Card, Fate
from store.loadtest.load.purchase import Order, Purchase, is_payment_decided
from store.loadtest.load.recorder import Action

SHIPPING = frozenset({Fate.SHIPPED, Fate.DELIVERED, Fate.RETURNED})
ARRIVING = frozenset({Fate.DELIVERED, Fate.RETURNED})


class Journey:
    """One buyer's way through the store; the staff's part is left out if there is none."""

    def __init__(
        self, customer: Account, staff: Account | None, purchase: Purchase, due: float
    ) -> None:
        self._customer, self._staff = customer, staff
        self._purchase, self._intent = purchase, purchase.intent
        self._buyer = Buyer(customer, purchase, due)

    def walk(self) -> None:
        """Go all the way. Raises GaveUp, CannotLogIn and Stopped where it ends before."""
        price = self._buyer.browse()
        self._think(2)
        self.buy(price)

    def buy(self, price: int | None = None) -> Order | None:
        """Place the order and see it through to its end; None if it was refused."""
        self._purchase.recorder.promise(self._purchase.key, self._intent.summary)
        order = self._place(price)
        if order is None:
            return None
        order = self._pay(self._buyer.follow(order))
        order = self._change_ones_mind(order)
        if order["state"] == "confirmed" and self._staff is not None:
            order = self._serve(order, Clerk(self._staff, self._purchase, time.monotonic()))
        if self._intent.reads_timeline:
            self._buyer.read_timeline(order)
        return order

    def _place(self, price: int | None) -> Order | None:
        if self._intent.is_sent_twice:
            return self._place_twice(price)
        if self._intent.fate == Fate.CANCELLED_AT_ONCE:
            return self._place_and_cancel(price)
        return self._buyer.place(price)

    def _place_twice(self, price: int | None) -> Order | None:
        """Send the same order from two windows at once: both have to get the same answer."""
        other = Buyer(self._customer, self._purchase, self._buyer.due)
        others: list[Order | None] = []
        with beside(self._purchase.recorder, lambda: others.append(other.place(price))):
            order = self._buyer.place(price)
        for another in others:
            if (another and another["id"]) != (order and order["id"]):
                self._buyer.fail(Action.PLACE, "one key, two answers")
        return order

    def _place_and_cancel(self, price: int | None) -> Order | None:
        """Cancel from another window as soon as the order is seen there."""
        other = Buyer(self._customer, self._purchase, time.monotonic())
        placed = Event()
        with beside(self._purchase.recorder, lambda: _cancel_on_sight(other, placed)):
            try:
                order = self._buyer.place(price)
            finally:
                placed.set()
        self._buyer.come_back()
        return order and self._buyer.look(order)

    def _pay(self, order: Order) -> Order:
        """Go to the bank's page if it asks for that, and come back or not."""
        if order["state"] != "awaiting_payment" or self._intent.card == Card.CHALLENGE_LEFT:
            return order
        self._think(3)
        passes = self._intent.card == Card.CHALLENGE_PASSED
        self._buyer.answer_challenge(order, "complete" if passes else "fail")
        return self._buyer.follow(order, is_payment_decided)

    def _change_ones_mind(self, order: Order) -> Order:
        leaves = order["state"] == "awaiting_payment"
        cancels = self._intent.fate in (Fate.CANCELLED_AT_ONCE, Fate.CANCELLED_LATER)
        if not leaves and not (cancels and order["state"] == "confirmed"):
            return order
        self._think(4)
        return self._buyer.follow(self._buyer.cancel(order))

    def _serve(self, order: Order, clerk: Clerk) -> Order:
        """What the staff do with a confirmed order, and how the buyer finds it then."""
        fate, some = self._intent.fate, max(1, int(order["total"] * self._intent.refund_share))
        if fate in (Fate.KEPT, Fate.CANCELLED_AT_ONCE, Fate.CANCELLED_LATER):
            return order
        clerk.think(self._intent.thoughts[5])
        if fate in SHIPPING:
            clerk.ship(order)
        if fate in ARRIVING:
            clerk.think(self._intent.thoughts[6])
            clerk.deliver(order)
        if fate in (Fate.REFUNDED_PARTLY, Fate.REFUNDED_TWICE):
            clerk.refund(order, some)
        if fate in (Fate.REFUNDED_WHOLLY, Fate.REFUNDED_TWICE, Fate.RETURNED):
            clerk.refund(order, None, number=2)
        self._buyer.come_back()
        self._think(7)
        return self._buyer.follow(self._buyer.look(order))

    def _think(self, number: int) -> None:
        self._buyer.think(self._intent.thoughts[number])


def _cancel_on_sight(buyer: Buyer, placed: Event) -> None:
    for pause in itertools.chain(POLL_SECONDS, itertools.repeat(POLL_SECONDS[-1])):
        is_last = placed.is_set()
        order = buyer.find()
        if order is not None:
            buyer.cancel(order)
        if order is not None or is_last:
            return
        placed.wait(pause)
        buyer.come_back()
