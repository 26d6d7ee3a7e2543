"""The settings of orders, read once from the environment at the start."""

from dataclasses import dataclass, field

from store.database.cipher import encryption_secrets
from store.database.config import DatabaseConfig
from store.server.environ import Environ

STRIPE = "https://api.stripe.com"


@dataclass(frozen=True)
class OrdersConfig:
    """Where the others are, and the secrets we share with them (left out of the repr)."""

    database: DatabaseConfig
    inventory_address: str
    inventory_key: str = field(repr=False)
    payment_url: str
    payment_key: str = field(repr=False)
    payment_return_url: str
    encryption_secrets: tuple[str, ...] = field(repr=False)
    private_webhooks: bool

    @classmethod
    def from_environ(cls, env: Environ) -> "OrdersConfig":
        """DATABASE_*, INVENTORY_ADDRESS, INVENTORY_RPC_KEY, PAYMENT_API_URL, PAYMENT_API_KEY.

        PAYMENT_RETURN_URL is the page that a buyer comes back to from the bank's 3-D Secure.
        KEY_ENCRYPTION_SECRET (a list) seals what webhooks are signed with. With
        WEBHOOK_PRIVATE_ADDRESSES webhooks may go to this network, and over plain http.
        """
        return cls(
            database=DatabaseConfig.from_environ(env),
            inventory_address=env.text("INVENTORY_ADDRESS"),
            inventory_key=env.text("INVENTORY_RPC_KEY"),
            payment_url=env.text("PAYMENT_API_URL", STRIPE).rstrip("/"),
            payment_key=env.text("PAYMENT_API_KEY"),
            payment_return_url=env.text("PAYMENT_RETURN_URL", ""),
            encryption_secrets=encryption_secrets(env),
            private_webhooks=env.flag("WEBHOOK_PRIVATE_ADDRESSES", default=False),
        )


@dataclass(frozen=True)
class RepairConfig:
    """What `orders repair` needs: the database, and the gateway to ask."""

    database: DatabaseConfig
    payment_url: str
    payment_key: str = field(repr=False)

    @classmethod
    def from_environ(cls, env: Environ) -> "RepairConfig":
        """DATABASE_*, PAYMENT_API_URL, PAYMENT_API_KEY."""
        return cls(
            database=DatabaseConfig.from_environ(env),
            payment_url=env.text("PAYMENT_API_URL", STRIPE).rstrip("/"),
            payment_key=env.text("PAYMENT_API_KEY"),
        )


@dataclass(frozen=True)
class HttpSettings:
    """What only the API needs: who signs tokens, and who signs the gateway's webhooks."""

    jwks_url: str
    webhook_secret: str = field(repr=False)
    place_seconds: float

    @classmethod
    def from_environ(cls, env: Environ) -> "HttpSettings":
        """JWKS_URL, PAYMENT_WEBHOOK_SECRET, PLACE_SECONDS (how long a buyer waits for an answer)."""
        return cls(
            jwks_url=env.text("JWKS_URL"),
            webhook_secret=env.text("PAYMENT_WEBHOOK_SECRET"),
            place_seconds=env.seconds("PLACE_SECONDS", 8.0),
        )
