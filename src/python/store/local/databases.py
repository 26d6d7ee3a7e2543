"""The store's PostgreSQL: one database, one role and one password for each service."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from store.database.binaries import PostgresFailed
from store.database.postgres import Server
from store.local.errors import Trouble
from store.local.ports import SERVICES


@contextmanager
def databases(home: Path) -> Iterator[Mapping[str, str]]:
    """A running, durable PostgreSQL; the address of each service's database."""
    try:
        server = Server(home, durable=True)
        server.start()
    except PostgresFailed as error:
        raise Trouble(str(error)) from None
    try:
        for service in SERVICES:
            server.create_role(service)
            server.create_database(service, owner=service)
        yield {service: server.url(service, service) for service in SERVICES}
    finally:
        server.stop()
