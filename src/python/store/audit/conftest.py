from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from store.audit.books.snapshots import DATABASES
from store.audit.testing.corruptions.rows import ROWS
from store.audit.testing.living_store import LivingStore
from store.audit.testing.small_store import SmallStore, write
from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.gateway.models import tables as gateway
from store.inventory.models import tables as inventory
from store.orders.models import tables as orders
from store.users.models import tables as users

MIGRATIONS: Mapping[str, Path] = {
    "users": users.MIGRATIONS,
    "inventory": inventory.MIGRATIONS,
    "orders": orders.MIGRATIONS,
    "gateway": gateway.MIGRATIONS,
}


@pytest.fixture(scope="session")
def clean(postgres: FleetingServer) -> Mapping[str, str]:  # noqa: F811
    """Templates of a small store's databases, each with its service's own migrations."""
    templates = {}
    for name in DATABASES:
        functions = inventory.FUNCTIONS if name == "inventory" else None
        templates[name] = postgres.template(f"proof_{name}", MIGRATIONS[name], functions)
        write(postgres.url(templates[name]), ROWS[name])
    return templates


@pytest.fixture
def small_store(
    postgres: FleetingServer,  # noqa: F811
    clean: Mapping[str, str],
) -> Iterator[SmallStore]:
    """Five orders, one of each kind, and everything that belongs to them."""
    with ExitStack() as copies:
        yield SmallStore(postgres, clean, copies)


@pytest.fixture(scope="session")
def living_store(
    postgres: FleetingServer,  # noqa: F811
    clean: Mapping[str, str],
) -> Iterator[LivingStore]:
    """The same, with a real gateway and a real inventory; one for all tests of a process."""
    with ExitStack() as opened:
        yield LivingStore(postgres, clean, opened)
