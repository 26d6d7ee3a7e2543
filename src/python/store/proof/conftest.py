from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

import store
from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.proof.snapshots import DATABASES
from store.proof.testing import SmallStore

HERE = Path(store.__file__).parent


@pytest.fixture(scope="session")
def templates(postgres: FleetingServer) -> Mapping[str, str]:  # noqa: F811
    """A database of each service, with the service's own migrations."""
    return {name: postgres.template(name, HERE / name / "migrations") for name in DATABASES}


@pytest.fixture
def small_store(
    postgres: FleetingServer,  # noqa: F811
    templates: Mapping[str, str],
) -> Iterator[SmallStore]:
    """Five orders, one of each kind, and everything that belongs to them."""
    with ExitStack() as opened:
        copies = {
            name: parse_dsn(opened.enter_context(postgres.fresh(templates[name])).url)["dbname"]
            for name in DATABASES
        }
        yield SmallStore({name: postgres.url(copy) for name, copy in copies.items()})
