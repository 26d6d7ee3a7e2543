"""Which processes make a store, and what each is told by its environment."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

from store.local.ports import HOST, PROCESSES, SERVICES, Ports
from store.local.runner import Program
from store.local.secrets_file import Secrets

# Those that call others stop first, while the others still answer.
CALLERS = ("orders", "orders-work")
REGISTRATIONS_PER_HOUR = 1_000_000  # a replay's customers all come from this one machine


class Programs:
    """The programs of one store; `databases` are addresses by service."""

    def __init__(
        self,
        ports: Ports,
        secrets: Secrets,
        databases: Mapping[str, str],
        environ: Mapping[str, str],
    ) -> None:
        self._ports = ports
        self._secrets = secrets
        self._databases = databases
        self._environ = environ

    def migrations(self) -> Iterator[Program]:
        """What brings each database up to date; to be run one after the other, each to its end."""
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
        yield self._server("gateway", "serve", self._gateway())
        yield self._server("users", "serve", self._users())
        yield self._server("inventory", "serve", {"JWKS_URL": self._jwks_url})
        yield self._rpc()
        yield self._server("orders", "serve", self._orders())
        yield self._program("orders-work", "orders", "work", self._orders())

    @property
    def _jwks_url(self) -> str:
        return f"{self._ports.url('users')}/.well-known/jwks.json"

    def _server(self, name: str, command: str, environ: Mapping[str, str]) -> Program:
        port = str(getattr(self._ports, name))
        return self._program(name, name, command, {"PORT": port, **environ})

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
        ops = {"OPS_PORT": str(self._ports.ops(name))} if name in PROCESSES else {}
        return Program(
            name,
            [sys.executable, "-m", f"store.{service}.main", command],
            {**self._environ, **everywhere, **ops, **environ},
        )
