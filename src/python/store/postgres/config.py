"""The settings of each command, read from the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from store.postgres.address import Address
from store.server.environ import Environ

SUPERUSER = "postgres"
AUDITOR = "audit"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TAKEN = {SUPERUSER, AUDITOR, "template0", "template1", "public", "none"}
_SIZE = re.compile(r"[1-9][0-9]*(kB|MB|GB)")


@dataclass(frozen=True)
class PostgresConfig:
    """One PostgreSQL: its database, which its owner shares the name with, and who else may enter.

    Passwords are left out of the repr.
    """

    database: str
    owner_password: str = field(repr=False)
    admin_password: str = field(repr=False)
    audit_password: str = field(repr=False)
    shared_buffers: str
    max_connections: int
    port: int
    data: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "PostgresConfig":
        """Raises BadEnviron with everything that is wrong."""
        env = Environ(environ)
        config = cls(
            database=_database_name(env),
            owner_password=_password(env, "OWNER_PASSWORD"),
            admin_password=_password(env, "ADMIN_PASSWORD"),
            audit_password=_password(env, "AUDIT_PASSWORD"),
            shared_buffers=_size(env, "SHARED_BUFFERS", "64MB"),
            max_connections=env.whole("MAX_CONNECTIONS", default=100, least=10, most=10_000),
            port=env.whole("PGPORT", default=5432, least=1, most=65_535),
            data=_absolute(env, "PGDATA", "/data/postgres"),
        )
        env.check()
        return config


@dataclass(frozen=True)
class BackupConfig:
    """Which database is dumped or restored, where its dumps are, and how many are kept.

    A database that cannot be reached yet is waited for up to `wait_seconds`.
    """

    address: Address
    folder: Path
    keep: int
    wait_seconds: float

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "BackupConfig":
        """Raises BadEnviron with everything that is wrong."""
        env = Environ(environ)
        config = cls(
            address=Address.from_environ(env),
            folder=backups_folder(env),
            keep=env.whole("KEEP", default=14, least=1),
            wait_seconds=env.whole("DATABASE_WAIT_SECONDS", default=0),
        )
        env.check()
        return config


def backups_folder(env: Environ) -> Path:
    """BACKUPS, where dumps are kept."""
    return _absolute(env, "BACKUPS", "/backups")


def _database_name(env: Environ) -> str:
    name = env.text("DATABASE")
    if name and (not _NAME.fullmatch(name) or name in _TAKEN or name.startswith("pg_")):
        env.reject(
            "DATABASE", "must be small letters, digits and _, and no name of PostgreSQL's own"
        )
    return name


def _password(env: Environ, name: str) -> str:
    password = env.text(name)
    if not password.isprintable():
        env.reject(name, "must be of printable characters")
    return password


def _size(env: Environ, name: str, default: str) -> str:
    size = env.text(name, default)
    if not _SIZE.fullmatch(size):
        env.reject(name, "must be a size such as 64MB")
    return size


def _absolute(env: Environ, name: str, default: str) -> Path:
    path = Path(env.text(name, default))
    if not path.is_absolute():
        env.reject(name, "must be an absolute path")
    return path
