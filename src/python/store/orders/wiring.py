"""What the routes need to do their work."""

from dataclasses import dataclass, field

from store.database.vault import Vault
from store.orders.clients import Inventory
from store.orders.config import Config, HttpSettings
from store.orders.payment_client import Payments
from store.orders.shop import Shop
from store.orders.webhooks.clients import Subscribers


@dataclass(frozen=True)
class Wiring:
    """The other services, the secret of the gateway's webhooks, how long a caller may wait, and
    what our own webhooks need.
    """

    shop: Shop
    webhook_secret: str = field(repr=False)
    place_seconds: float
    vault: Vault
    subscribers: Subscribers

    @classmethod
    def of(cls, config: Config, settings: HttpSettings) -> "Wiring":
        """The parts as these settings want them. Nothing is connected before the first call."""
        return cls(
            shop=shop_of(config),
            webhook_secret=settings.webhook_secret,
            place_seconds=settings.place_seconds,
            vault=Vault(config.encryption_secrets),
            subscribers=Subscribers(private=config.private_webhooks),
        )


def shop_of(config: Config) -> Shop:
    """The real inventory and the real payment gateway. Nothing is connected before the first call."""
    inventory = Inventory(config.inventory_address, config.inventory_key)
    payments = Payments(config.payment_url, config.payment_key, config.payment_return_url)
    return Shop(inventory, payments)
