from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.gateway import models as gateway
from store.inventory.models import tables as inventory
from store.orders import models as orders
from store.proof.snapshots import DATABASES
from store.proof.testing import ROWS, SmallStore, write
from store.users.models import tables as users

MIGRATIONS: Mapping[str, Path] = {
    "users": users.MIGRATIONS,
    "inventory": inventory.MIGRATIONS,
    "orders": orders.MIGRATIONS,
    "gateway": gateway.MIGRATIONS,
}


@pytest.fixture(scope="session")
def clean(postgres: FleetingServer) -> Iterator[Mapping[str, str]]:  # noqa: F811
    """The names of a small store's databases, each with its service's own migrations."""
    with ExitStack() as opened:
        databases = {}
        for name in DATABASES:
            template = postgres.template(name, MIGRATIONS[name])
            fresh = opened.enter_context(postgres.fresh(template))
            databases[name] = parse_dsn(fresh.url)["dbname"]
            write(postgres.url(databases[name]), ROWS[name])
        yield databases


@pytest.fixture
def small_store(
    postgres: FleetingServer,  # noqa: F811
    clean: Mapping[str, str],
) -> Iterator[SmallStore]:
    """Five orders, one of each kind, and everything that belongs to them."""
    with ExitStack() as copies:
        yield SmallStore(postgres, clean, copies)
