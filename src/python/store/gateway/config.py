"""The settings of the gateway, read once at the start."""

from dataclasses import dataclass, field

from store.database.config import DatabaseConfig
from store.server.environ import Environ
from store.server.process.gunicorn import HttpConfig


@dataclass(frozen=True)
class GatewayConfig:
    """Where to listen and keep data, who may call, and where to send events.

    Without `webhook_url` events are kept, and sent nowhere.
    """

    http: HttpConfig
    database: DatabaseConfig
    api_keys: tuple[str, ...] = field(repr=False)
    public_url: str
    webhook_url: str
    webhook_secret: str = field(repr=False)

    @classmethod
    def from_environ(cls, env: Environ) -> "GatewayConfig":
        """API_KEYS, PUBLIC_URL, WEBHOOK_URL, WEBHOOK_SECRET and what every service reads.

        Call `env.check()` before using them.
        """
        webhook_url = env.text("WEBHOOK_URL", "")
        config = cls(
            http=HttpConfig.from_environ(env),
            database=DatabaseConfig.from_environ(env),
            api_keys=env.texts("API_KEYS"),
            public_url=env.text("PUBLIC_URL").rstrip("/"),
            webhook_url=webhook_url,
            webhook_secret=env.text("WEBHOOK_SECRET", None if webhook_url else ""),
        )
        for name in ("PUBLIC_URL", "WEBHOOK_URL"):
            if not env.text(name, "http://").startswith(("http://", "https://")):
                env.reject(name, "must start with http:// or https://")
        return config
