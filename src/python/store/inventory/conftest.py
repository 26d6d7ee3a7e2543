"""A fresh, migrated database for each test, and callers who may do things."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller, Role
from store.auth.testing import Signer
from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.inventory.app import create_app
from store.inventory.models import tables
from store.server.ids import new_id


@pytest.fixture(scope="session")
def template(postgres: FleetingServer) -> str:  # noqa: F811
    """The name of a migrated database to copy."""
    return postgres.template("inventory", tables.MIGRATIONS)


@pytest.fixture
def database_config(postgres: FleetingServer, template: str) -> Iterator[DatabaseConfig]:  # noqa: F811
    """Where the test's own copy of the database is."""
    with postgres.fresh(template) as config:
        yield config


@pytest.fixture(autouse=True)
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    """Inventory's database, opened on a copy of its own."""
    tables.database.open(database_config)
    yield tables.database
    tables.database.shut()


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Makes tokens that our application believes."""
    return Signer()


@pytest.fixture
def staff(signer: Signer) -> dict[str, str]:
    """The headers of somebody who works here."""
    return signer.headers(Caller(new_id(), Role.STAFF))


@pytest.fixture
def customer(signer: Signer) -> dict[str, str]:
    """The headers of a customer."""
    return signer.headers(Caller(new_id(), Role.CUSTOMER))


@pytest.fixture
def client(signer: Signer) -> FlaskClient:
    """Talks to the HTTP half of inventory."""
    return create_app(signer.verifier()).test_client()
