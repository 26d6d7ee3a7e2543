"""The store's PostgreSQL: one database, one role and one password for each service."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store.cli.errors import Trouble
from store.database.binaries import PostgresFailed
from store.database.folder import reason_in
from store.database.postgres import Server
from store.devstack.ports import SERVICES


@dataclass(frozen=True)
class Databases:
    """A PostgreSQL that runs, and the address of each service's database in it."""

    urls: Mapping[str, str]
    server: Server

    def refuse_if_dead(self) -> None:
        """Trouble if PostgreSQL has ended by itself, with its own last words."""
        if not self.server.running:
            log = self.server.home / "log"
            raise Trouble(
                f"PostgreSQL ended by itself: {reason_in(log.read_text(errors='replace'))} "
                f"All of it stands in {log}. The rest was stopped too."
            )


@contextmanager
def databases(home: Path) -> Iterator[Databases]:
    """Start a durable PostgreSQL with all databases; stop it in the end."""
    with _troubles():
        server = Server(home, durable=True)
    start(server)
    try:
        for service in SERVICES:
            server.create_role(service)
            server.create_database(service, owner=service)
        yield Databases({service: server.url(service, service) for service in SERVICES}, server)
    finally:
        stop(server)


def start(server: Server) -> None:
    """Start it and return when it takes connections; Trouble says what is in the way."""
    with _troubles():
        server.start()


def stop(server: Server) -> None:
    """Stop it; Trouble if that takes too long."""
    try:
        server.stop()
    except subprocess.TimeoutExpired:
        raise Trouble(
            f"PostgreSQL in {server.home} does not stop; it is killed within a minute or two."
        ) from None


@contextmanager
def _troubles() -> Iterator[None]:
    try:
        yield
    except PostgresFailed as error:
        raise Trouble(str(error)) from None
