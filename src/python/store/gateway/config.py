"""What the gateway is told at its start."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from store.database.config import DatabaseConfig
from store.server.environ import Environ
from store.server.process.gunicorn import HttpConfig


@dataclass(frozen=True)
class Config:
    """Where to listen and keep data, who may call, and who wants to hear of events.

    Without `webhook_url` events are kept, and sent nowhere.
    """

    http: HttpConfig
    database: DatabaseConfig
    api_keys: tuple[str, ...] = field(repr=False)
    public_url: str
    webhook_url: str
    webhook_secret: str = field(repr=False)
    log_level: str
    log_format: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """API_KEYS, PUBLIC_URL, WEBHOOK_URL, WEBHOOK_SECRET and what every service reads.

        BadEnviron names everything that is missing.
        """
        env = Environ(environ)
        webhook_url = env.text("WEBHOOK_URL", "")
        config = cls(
            http=HttpConfig.from_environ(env),
            database=DatabaseConfig.from_environ(env),
            api_keys=env.texts("API_KEYS"),
            public_url=env.text("PUBLIC_URL").rstrip("/"),
            webhook_url=webhook_url,
            webhook_secret=env.text("WEBHOOK_SECRET", None if webhook_url else ""),
            log_level=env.text("LOG_LEVEL", "INFO"),
            log_format=env.text("LOG_FORMAT", "json"),
        )
        for name in ("PUBLIC_URL", "WEBHOOK_URL"):
            if not env.text(name, "http://").startswith(("http://", "https://")):
                env.reject(name, "must start with http:// or https://")
        env.check()
        return config
