"""A store of which a database is lost and restored: what buyers, staff and operators do then."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import requests
from click.testing import CliRunner

from store.audit.command import audit
from store.auth.rpc import service_key
from store.chaos.basket import VISA, basket
from store.chaos.own_store import OwnStore
from store.database.binaries import binaries
from store.devstack.accounts import STAFF
from store.loadtest.accounts import staff_of
from store.loadtest.api import Api, Response
from store.loadtest.customers import Customer
from store.loadtest.load.product_stock import ProductStock, put_on_sale
from store.loadtest.target import Credentials, Target
from store.postgres import main as postgres_program
from store.protos.inventory.v1 import inventory_pb2 as messages
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.grpc.channel import open_channel
from store.server.ids import new_id

SKU, PRICE = "RESTORED-MUG", 1000
READY_SECONDS = 60
# The processes that have to be stopped while a database is restored.
PROCESSES_OF = {"orders": ["orders", "orders-work"], "inventory": ["inventory", "inventory-rpc"]}


class RestorableStore:
    """A real store with one product on sale."""

    def __init__(self, store: OwnStore, backups: Path) -> None:
        self.store, self._backups = store, backups
        staff = Credentials(STAFF, store.secrets.staff_password)
        self._api = Api(4)
        self._target = Target(
            store.users_url, store.inventory_url, store.orders_urls, staff, store.secrets.replay
        )
        self._staff = staff_of(self._api, self._target)
        self._buyer = Customer(self._api, store.users_url, store.secrets.replay, "who ordered")
        put_on_sale(self._staff, self._target, ProductStock(SKU, 50, PRICE))

    def buy(self, card: str = VISA, state: str = "confirmed") -> str:
        """The id of a new order of two units, once it is in that state."""
        key = {"Idempotency-Key": str(new_id())}
        placed = self._buyer.call(
            "POST", self._target.orders("/v1/orders"), basket(SKU, 2, card), key
        )
        order = str(_good(placed)["id"])
        self.wait_for(order, state)
        return order

    def pay(self, order: str) -> None:
        """Pass the challenge of the bank."""
        action = self.read(order)["payment"]["next_action"]
        self._api.submit(action["url"], {"outcome": "complete"})
        self.wait_for(order, "confirmed")

    def refund(self, order: str) -> None:
        """Refund all of it."""
        url = self._target.orders(f"/v1/orders/{order}/refunds")
        key = {"Idempotency-Key": str(new_id())}
        _good(self._staff.call("POST", url, {"reason": "Broken."}, key))
        self.wait_for(order, "refunded")

    def read(self, order: str) -> Any:
        """The order as its buyer sees it."""
        return _good(self._buyer.call("GET", self._target.orders(f"/v1/orders/{order}")))

    def wait_for(self, order: str, state: str) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while (seen := self.read(order))["state"] != state:
            _expect(time.monotonic() < give_up, seen)
            time.sleep(0.1)

    def postgres(self, service: str, *command: str) -> str:
        """The output of the program `postgres` for a service's database."""
        return run_postgres_program(self.store.databases[service], self._backups, *command)

    def lose_and_restore(self, service: str) -> str:
        """Destroy a database, and restore its latest dump as an operator does: with its service ended."""
        targets = [self.store.targets[name] for name in PROCESSES_OF[service]]
        for target in targets:
            target.end()
        destroy(self.store.databases[service])
        output = self.postgres(service, "restore", "latest")
        for target in targets:
            target.start()
        self.store.wait_until_ready(READY_SECONDS)
        return output

    def audit(self, *options: str) -> Any:
        """The report of `proof audit`, which judges also what is young."""
        store = self.store
        environ = {f"{name.upper()}_DATABASE_URL": url for name, url in store.databases.items()}
        environ |= {
            "PAYMENT_API_URL": store.gateway_url,
            "PAYMENT_API_KEY": store.secrets.payment_key,
        }
        result = CliRunner().invoke(audit, ["--grace", "0", "--json", *options], env=environ)
        return json.loads(result.stdout)

    def refund_by_hand(self, order: str) -> None:
        """Refund the money of an order at the gateway, and release its stock."""
        (payment,) = _rows(
            self.store.databases["gateway"],
            "SELECT id FROM payment_intents WHERE metadata ->> 'order_id' = %s",
            order,
        )
        answer = requests.post(
            f"{self.store.gateway_url}/v1/refunds",
            data={"payment_intent": payment},
            headers={"Authorization": f"Bearer {self.store.secrets.payment_key}"},
            timeout=10,
        )
        _expect(answer.status_code == 200, answer.text)
        release = messages.ReleaseRequest(order_id=order, reason="lost order")
        with self._inventory() as inventory:
            released = inventory.Release(release, timeout=10)
        _expect(released.state == messages.Reservation.RELEASED, "still reserved")

    def take_stock_by_hand(self, order: str) -> None:
        """Reserve and commit the goods of an order that inventory has forgotten."""
        lines = [messages.Line(sku=SKU, quantity=2)]
        reserve = messages.ReserveRequest(order_id=order, currency="EUR", lines=lines)
        with self._inventory() as inventory:
            inventory.Reserve(reserve, timeout=10)
            inventory.Commit(messages.CommitRequest(order_id=order), timeout=10)

    @contextmanager
    def _inventory(self) -> Iterator[InventoryStub]:
        key = (service_key(self.store.secrets.rpc_key),)
        with open_channel(self.store.rpc_address, "inventory", interceptors=key) as channel:
            yield InventoryStub(channel)


def run_postgres_program(url: str, backups: Path, *command: str) -> str:
    """The output of the program `postgres` for this database."""
    environ = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATABASE_URL": url,
        "BACKUPS": str(backups),
    }
    done = subprocess.run(
        [sys.executable, "-c", f"from {postgres_program.__name__} import main; main()", *command],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
    )
    _expect(done.returncode == 0, done.stderr)
    return done.stdout


def contents(url: str) -> str:
    """A dump of a database, as text."""
    command = [str(binaries() / "pg_dump"), "--dbname", url, "--restrict-key=x"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def _good(answer: Response) -> Any:
    _expect(answer.status in {200, 201, 202}, answer)
    return answer.body


def destroy(url: str) -> None:
    """Drop everything in a database."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()


def _rows(url: str, sql: str, *params: object) -> list[Any]:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = [row[0] for row in cursor]
    connection.close()
    return rows


def _expect(so: bool, otherwise: object) -> None:
    if not so:
        raise AssertionError(otherwise)
