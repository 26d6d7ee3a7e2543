"""The settings of inventory, read once from the environment at the start."""

from dataclasses import dataclass

from store.database.database import DatabaseConfig
from store.server.environ import Environ
from store.server.process.gunicorn import HttpConfig


@dataclass(frozen=True)
class InventoryConfig:
    """The settings of `inventory serve`; those of `inventory rpc` are read in rpc.py."""

    http: HttpConfig
    database: DatabaseConfig
    jwks_url: str

    @classmethod
    def from_environ(cls, env: Environ) -> "InventoryConfig":
        """Read all settings; call `env.check()` before using them."""
        return cls(
            http=HttpConfig.from_environ(env),
            database=DatabaseConfig.from_environ(env),
            jwks_url=env.text("JWKS_URL"),
        )
