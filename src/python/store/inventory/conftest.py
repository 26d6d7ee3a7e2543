"""A fresh, migrated database for each test, and callers who may do things."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller, Role
from store.auth.rpc import ServiceKeys, service_key
from store.auth.testing import Signer
from store.database.database import Database
from store.database.testing import own_copy, postgres  # noqa: F401
from store.inventory.app import create_app
from store.inventory.models import tables
from store.inventory.models.reservations import answer_all
from store.inventory.reservations.batcher import ReservationBatcher
from store.inventory.rpc.server import NAME, Servicer
from store.inventory.testing.stock import KEY, add_variant, deliver, wrong_in_the_books
from store.protos.inventory.v1.inventory_pb2_grpc import (
    InventoryStub,
    add_InventoryServicer_to_server,
)
from store.server.grpc.channel import open_channel
from store.server.grpc.server import make_server
from store.server.ids import new_id

database_config, database = own_copy("inventory", tables.database, autouse=True)


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


@pytest.fixture
def rpc_address(database: Database) -> Iterator[str]:
    """Where a real server of this process listens."""
    servicer = Servicer(ReservationBatcher(answer_all).serve)
    server = make_server(
        lambda server: add_InventoryServicer_to_server(servicer, server),
        [NAME],
        [ServiceKeys([KEY])],
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture
def inventory(rpc_address: str) -> Iterator[InventoryStub]:
    """A caller with a good key; afterwards the books must be right."""
    with open_channel(rpc_address, "inventory", interceptors=[service_key(KEY)]) as channel:
        yield InventoryStub(channel)
    assert wrong_in_the_books() == {}


@pytest.fixture
def mugs(database: Database) -> None:
    """100 red mugs in a warehouse."""
    add_variant("MUG", 1290, title="Mug", name="Red")
    deliver("MUG", 100)
