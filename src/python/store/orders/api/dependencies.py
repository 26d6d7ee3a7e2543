"""What the routes of orders need to do their work."""

from dataclasses import dataclass, field

from store.orders.clients.shop import Shop

EXTENSION = "store.orders"


@dataclass(frozen=True)
class Dependencies:
    """The other services, the secret of the gateway's webhooks, and how long a caller may wait."""

    shop: Shop
    webhook_secret: str = field(repr=False)
    place_seconds: float
