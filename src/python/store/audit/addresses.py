"""Where the store is that is audited: this machine's own, or another whose addresses are given."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from store.audit.books.gateway import Gateway
from store.audit.books.snapshots import DATABASES
from store.cli.errors import CannotProve, local_store
from store.devstack.addresses import read_addresses
from store.devstack.folder import Folder
from store.devstack.runner import Program, python_environ
from store.devstack.secrets_file import read


@dataclass(frozen=True)
class AuditedStore:
    """The databases by service, and the gateway.

    `webhook` is where the gateway publishes what a repair does there (WEBHOOK_URL, WEBHOOK_SECRET); it
    may be unknown.
    """

    databases: Mapping[str, str] = field(repr=False)
    gateway: Gateway
    webhook: Mapping[str, str] = field(default_factory=dict, repr=False)

    def repair_program(self, service: str) -> Program:
        """The service's own command `repair`, on its own database."""
        own: Mapping[str, str] = {}
        if service == "orders":
            own = {"PAYMENT_API_URL": self.gateway.url, "PAYMENT_API_KEY": self.gateway.key}
        if service == "gateway":
            own = {"PUBLIC_URL": self.gateway.url, "API_KEYS": self.gateway.key, **self.webhook}
        environ = {
            "LOG_LEVEL": "WARNING",
            **python_environ(Path.cwd()),
            "LOG_FORMAT": "text",
            "DATABASE_URL": self.databases[service],
            **own,
        }
        command = [sys.executable, "-m", f"store.{service}.main", "repair"]
        return Program(f"{service} repair", command, environ)


def find_store(
    folder: Folder,
    databases: Mapping[str, str | None],
    gateway_url: str | None,
    patience: float = 0,
) -> AuditedStore:
    """The store of these addresses, with the key from the environment; else the local one.

    Its gateway is waited for up to `patience` seconds.
    """
    key = os.environ.get("PAYMENT_API_KEY")
    named = {name: url for name, url in databases.items() if url}
    if len(named) == len(DATABASES) and gateway_url and key:
        webhook = {
            name: os.environ[name]
            for name in ("WEBHOOK_URL", "WEBHOOK_SECRET")
            if name in os.environ
        }
        return AuditedStore(named, Gateway(gateway_url.rstrip("/"), key, patience), webhook)
    if named or gateway_url:
        raise CannotProve(
            "For another store than the local one, give all of it: " + ", ".join(_missing(named))
        )
    with local_store():
        local, secrets = read_addresses(folder.addresses), read(folder.secrets)
    gateway = Gateway(local.ports.url("gateway"), secrets.payment_key, patience)
    webhook = {
        "WEBHOOK_URL": f"{local.ports.url('orders')}/v1/payment/webhook",
        "WEBHOOK_SECRET": secrets.webhook_secret,
    }
    return AuditedStore(local.databases, gateway, webhook)


def refuse_repair_without_services() -> None:
    """CannotProve where the services' code is not: in the proof's image, for one."""
    if find_spec("store.orders") is None:
        raise CannotProve(
            "Services repair their own data, and their code is not here: hand what "
            "`audit --proposals` prints to the command `repair` of orders, inventory and gateway."
        )


def _missing(named: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name.upper()}_DATABASE_URL" for name in DATABASES if name not in named)
    yield from ("PAYMENT_API_URL", "PAYMENT_API_KEY")
