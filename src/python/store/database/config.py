"""How to reach a database, and how long to wait for it."""

import socket
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2.extensions import parse_dsn

from store.server.environ import Environ


@dataclass(frozen=True)
class DatabaseConfig:
    """Address and limits of one process's connections.

    `url` holds a password and is left out of the repr. Times are seconds. Where backups are expected, the
    service publishes when the newest was made.
    """

    url: str = field(repr=False)
    pool_size: int = 10
    pool_wait_seconds: float = 2.0
    connect_seconds: int = 3
    statement_seconds: float = 15.0
    lock_seconds: float = 5.0
    idle_in_transaction_seconds: float = 30.0
    expects_backups: bool = False

    @classmethod
    def from_environ(cls, env: Environ) -> "DatabaseConfig":
        """DATABASE_URL, DATABASE_POOL_SIZE, DATABASE_POOL_WAIT_SECONDS, BACKUPS_EXPECTED."""
        url = env.text("DATABASE_URL")
        if url and not _is_address(url):
            env.reject("DATABASE_URL", "must be like postgresql://role:password@host/database")
        return cls(
            url=url,
            pool_size=env.whole("DATABASE_POOL_SIZE", default=10, least=1),
            pool_wait_seconds=env.seconds("DATABASE_POOL_WAIT_SECONDS", default=2.0),
            expects_backups=env.flag("BACKUPS_EXPECTED", default=False),
        )

    def connect_arguments(self) -> dict[str, Any]:
        """What psycopg2.connect is given; libpq documents each."""
        settings = {
            "TimeZone": "UTC",
            "statement_timeout": _milliseconds(self.statement_seconds),
            "lock_timeout": _milliseconds(self.lock_seconds),
            "idle_in_transaction_session_timeout": _milliseconds(self.idle_in_transaction_seconds),
        }
        return {
            "dsn": self.url,
            "connect_timeout": self.connect_seconds,
            # The role says which service it is; the host name says which replica.
            "application_name": socket.gethostname()[:63],
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            # A vanished host is noticed within seconds, not after the kernel's two hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
        }


def _is_address(url: str) -> bool:
    """Whether libpq finds its way in it.

    One with a password that is not percent-encoded (RFC 3986) is none: a part of the password would
    be taken for the host, and stand in every message.
    """
    try:
        parts = parse_dsn(url)
    except psycopg2.ProgrammingError:
        return False
    shown = parts.get("host", "") + parts.get("port", "") + parts.get("dbname", "")
    return bool(parts) and "@" not in shown


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
