"""Where the store is that is looked at: this machine's own, or another whose addresses are given."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from store.audit.gateway import Gateway
from store.audit.snapshots import DATABASES
from store.cli.errors import CannotProve, local_store
from store.devstack.addresses import read_addresses
from store.devstack.folder import Folder
from store.devstack.ports import HOST
from store.devstack.secrets_file import read


@dataclass(frozen=True)
class Where:
    """The databases by service, the gateway, and what only a repair needs: inventory's gRPC door."""

    databases: Mapping[str, str] = field(repr=False)
    gateway: Gateway
    inventory_address: str | None = None
    inventory_key: str | None = field(default=None, repr=False)

    def refuse_repair_without_inventory(self) -> None:
        """CannotProve unless all that a repair needs was given."""
        if not (self.inventory_address and self.inventory_key):
            raise CannotProve(
                "To repair another store than the local one, give INVENTORY_ADDRESS and "
                "INVENTORY_RPC_KEY, too, and databases' addresses that may be written to."
            )


def where(
    folder: Folder,
    databases: Mapping[str, str | None],
    gateway_url: str | None,
    inventory_address: str | None,
    patience: float = 0,
) -> Where:
    """The store of these addresses, with the keys from the environment; else the local one.

    Its gateway is waited for up to `patience` seconds.
    """
    key, inventory_key = os.environ.get("PAYMENT_API_KEY"), os.environ.get("INVENTORY_RPC_KEY")
    named = {name: url for name, url in databases.items() if url}
    if len(named) == len(DATABASES) and gateway_url and key:
        gateway = Gateway(gateway_url.rstrip("/"), key, patience)
        return Where(named, gateway, inventory_address, inventory_key)
    if named or gateway_url:
        raise CannotProve(
            "For another store than the local one, give all of it: " + ", ".join(_wanted(named))
        )
    with local_store():
        local, secrets = read_addresses(folder.addresses), read(folder.secrets)
    gateway = Gateway(local.ports.url("gateway"), secrets.payment_key, patience)
    rpc = f"{HOST}:{local.ports.inventory_rpc}"
    return Where(local.databases, gateway, rpc, secrets.rpc_key)


def _wanted(named: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name.upper()}_DATABASE_URL" for name in DATABASES if name not in named)
    yield from ("PAYMENT_API_URL", "PAYMENT_API_KEY")
