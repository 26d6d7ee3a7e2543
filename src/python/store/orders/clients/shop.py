"""The two services that an order is made of."""

from dataclasses import dataclass

from store.orders.clients.inventory import Inventory
from store.orders.clients.payments import Payments


@dataclass(frozen=True)
class Shop:
    """Who holds the stock, and who takes the money."""

    inventory: Inventory
    payments: Payments
