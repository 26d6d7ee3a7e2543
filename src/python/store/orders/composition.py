"""What the routes need, made of the settings."""

from dataclasses import dataclass

from store.database.cipher import Cipher
from store.orders.api.dependencies import Dependencies
from store.orders.clients.inventory import Inventory
from store.orders.clients.payments import Payments
from store.orders.clients.shop import Shop
from store.orders.config import HttpSettings, OrdersConfig
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.dependencies import WebhookDependencies


@dataclass(frozen=True)
class AppDependencies(WebhookDependencies, Dependencies):
    """All that the application is made with."""

    @classmethod
    def of(cls, config: OrdersConfig, settings: HttpSettings) -> "AppDependencies":
        """The parts as these settings want them. Nothing is connected before the first call."""
        return cls(
            shop=shop_of(config),
            webhook_secret=settings.webhook_secret,
            place_seconds=settings.place_seconds,
            cipher=Cipher(config.encryption_secrets),
            subscribers=Subscribers(private=config.private_webhooks),
        )


def shop_of(config: OrdersConfig) -> Shop:
    """The real inventory and the real payment gateway. Nothing is connected before the first call."""
    inventory = Inventory(config.inventory_address, config.inventory_key)
    payments = Payments(config.payment_url, config.payment_key, config.payment_return_url)
    return Shop(inventory, payments)
