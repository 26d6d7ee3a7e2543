"""The address of a database, as libpq's programs take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from store.server.environ import Environ

# What an address may say, and the variable that says the same to libpq's programs.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
DEFAULTS = {"PGCONNECT_TIMEOUT": "10"}
EXAMPLE = "must be like postgresql://role:password@host/database"


@dataclass(frozen=True)
class Address:
    """`variables` are for the programs' environment, for everybody may read a command line.

    The password is among them, so they are left out of the repr.
    """

    variables: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_environ(cls, env: Environ) -> "Address":
        """DATABASE_URL."""
        url = env.text("DATABASE_URL")
        try:
            parts = _parts(url)
        except ValueError:
            parts = {}
        if url and not {"user", "dbname"} <= parts.keys():
            env.reject("DATABASE_URL", EXAMPLE)
        if unknown := parts.keys() - VARIABLES.keys():
            env.reject("DATABASE_URL", f"has unknown parameters: {', '.join(sorted(unknown))}")
        given = {VARIABLES[name]: value for name, value in parts.items() if name in VARIABLES}
        return cls({**DEFAULTS, **given})


def _parts(url: str) -> dict[str, str]:
    """What the URL says, by libpq's names; ValueError if it is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("no address of PostgreSQL")
    found = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": unquote(parts.hostname or ""),
        "port": str(parts.port or ""),
        "dbname": unquote(parts.path.removeprefix("/")),
    }
    return {
        **{name: value for name, value in found.items() if value},
        **dict(parse_qsl(parts.query)),
    }
