"""Which processes make a store, and what the environment of each says."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from store.devstack.ports import HOST, SERVICES, Ports
from store.devstack.runner import Program
from store.devstack.secrets_file import Secrets

REGISTRATIONS_PER_HOUR = 1_000_000  # a replay's customers all come from this one machine

Redirect = Callable[[str], Mapping[str, str]]


def no_redirect(_name: str) -> Mapping[str, str]:
    """Every process finds the others where they are."""
    return {}


class Programs:
    """The programs of one store; `databases` are addresses by service.

    `redirect` names, for a process, what is to stand in its environment instead of the usual: such
    as an address that leads to another one by a detour.
    """

    def __init__(
        self,
        ports: Ports,
        secrets: Secrets,
        databases: Mapping[str, str],
        environ: Mapping[str, str],
        redirect: Redirect = no_redirect,
    ) -> None:
        self._ports = ports
        self._secrets = secrets
        self._databases = databases
        self._environ = environ
        self._redirect = redirect

    def migrations(self) -> Iterator[Program]:
        """What brings each database up to date; to be run to its end."""
        for service in SERVICES:
            yield self._program(f"{service}-migrate", service, "migrate", {})

    def make_admin(self, email: str, password: str) -> Program:
        """Makes the first admin, who cannot be made through the API."""
        program = self._program(
            "users-make-admin", "users", "make-admin", {"ADMIN_PASSWORD": password}
        )
        return replace(program, command=[*program.command, email])

    def servers(self) -> Iterator[Program]:
        """What runs until the store stops."""
        yield self._server("gateway", "gateway", self._gateway())
        yield self._server("users", "users", self._users())
        yield self._server("inventory", "inventory", {"JWKS_URL": self._jwks_url})
        yield self._rpc()
        for name in self._ports.orders_apis:
            yield self._server(name, "orders", self._orders())
        for name in self._ports.orders_workers:
            yield self._program(name, "orders", "work", self._orders())

    @property
    def _jwks_url(self) -> str:
        return f"{self._ports.url('users')}/.well-known/jwks.json"

    def _server(self, name: str, service: str, environ: Mapping[str, str]) -> Program:
        port = str(self._ports.public(name))
        return self._program(name, service, "serve", {"PORT": port, **environ})

    def _rpc(self) -> Program:
        environ = {
            "RPC_PORT": str(self._ports.inventory_rpc),
            "RPC_KEYS": self._secrets.rpc_key,
        }
        return self._program("inventory-rpc", "inventory", "rpc", environ)

    def _gateway(self) -> Mapping[str, str]:
        return {
            "API_KEYS": self._secrets.payment_key,
            "PUBLIC_URL": self._ports.url("gateway"),
            "WEBHOOK_URL": f"{self._ports.url('orders')}/v1/payment/webhook",
            "WEBHOOK_SECRET": self._secrets.webhook_secret,
        }

    def _users(self) -> Mapping[str, str]:
        return {
            "KEY_ENCRYPTION_SECRET": self._secrets.key_encryption,
            "SMTP_URL": f"smtp://{HOST}:{self._ports.mail}",
            "MAIL_FROM": "virtual-store <store@example.com>",
            "PUBLIC_URL": self._ports.url("users"),
            "REGISTRATIONS_PER_HOUR": str(REGISTRATIONS_PER_HOUR),
        }

    def _orders(self) -> Mapping[str, str]:
        return {
            "JWKS_URL": self._jwks_url,
            "INVENTORY_ADDRESS": f"{HOST}:{self._ports.inventory_rpc}",
            "INVENTORY_RPC_KEY": self._secrets.rpc_key,
            "PAYMENT_API_URL": self._ports.url("gateway"),
            "PAYMENT_RETURN_URL": f"{self._ports.url('orders')}/docs",
            "PAYMENT_API_KEY": self._secrets.payment_key,
            "PAYMENT_WEBHOOK_SECRET": self._secrets.webhook_secret,
            "KEY_ENCRYPTION_SECRET": self._secrets.key_encryption,
            "WEBHOOK_PRIVATE_ADDRESSES": "true",
        }

    def _program(
        self, name: str, service: str, command: str, environ: Mapping[str, str]
    ) -> Program:
        everywhere = {
            "BIND": HOST,
            "LOG_FORMAT": "text",
            "DATABASE_URL": self._databases[service],
        }
        own = dict[str, str]()
        if name in self._ports.processes:
            own = {"OPS_PORT": str(self._ports.ops(name)), **self._redirect(name)}
        return Program(
            name,
            [sys.executable, "-m", f"store.{service}.main", command],
            {**self._environ, **everywhere, **environ, **own},
        )
