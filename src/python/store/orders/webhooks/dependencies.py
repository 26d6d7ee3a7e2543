"""What the routes of webhooks need to do their work."""

from dataclasses import dataclass

from store.database.cipher import Cipher
from store.orders.webhooks.clients import Subscribers

EXTENSION = "store.orders.webhooks"


@dataclass(frozen=True)
class WebhookDependencies:
    """What seals the secrets of endpoints, and who connects to them."""

    cipher: Cipher
    subscribers: Subscribers
