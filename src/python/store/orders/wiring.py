"""What the routes need to do their work."""

from dataclasses import dataclass, field

from store.orders.clients import Inventory
from store.orders.config import Config
from store.orders.payment_client import Payments
from store.orders.steps import Shop


@dataclass(frozen=True)
class Wiring:
    """The other services, the secret of the gateway's webhooks, and how long a caller may wait."""

    shop: Shop
    webhook_secret: str = field(repr=False)
    place_seconds: float


def shop_of(config: Config) -> Shop:
    """The real inventory and the real payment gateway. Nothing is connected before the first call."""
    inventory = Inventory(config.inventory_address, config.inventory_key)
    payments = Payments(config.payment_url, config.payment_key, config.payment_return_url)
    return Shop(inventory, payments)
