"""A small store that lives: the real gateway, inventory and worker, on databases to plant in."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import requests
from psycopg2.extensions import parse_dsn

from store.audit.addresses import AuditedStore
from store.audit.audit import Result, Rules, audited_by
from store.audit.books.gateway import Gateway
from store.audit.books.snapshots import DATABASES
from store.audit.repair import (
    Repair,
    orders_of,
    proposals_of,
    repairs,
    wait_for_workers,
)
from store.audit.testing.corruptions.rows import ROWS
from store.audit.testing.small_store import write
from store.database import functions, history
from store.database.cipher import Cipher
from store.database.testing import FleetingServer
from store.gateway import main as gateway_program
from store.inventory import main as inventory_program
from store.orders import main as orders_program
from store.server.grpc.testing import RunningProgram, free_port, running, wait_until

KEY = "a-key-of-the-tests"
SEALED_WITH = "a secret of the tests that is long enough"
SECRET = "whsec_" + "A" * 43 + "="
WAIT_SECONDS = 20.0
EMPTY = f"""
DO $$ BEGIN EXECUTE (
    SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
    FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('{history.TABLE}', '{functions.TABLE}')
); END $$;
"""


class LivingStore:
    """Gateway and inventory run throughout; the rows are written anew by `plant`.

    A worker runs only while it is waited for: what it would do by itself is not for a repair to do.
    """

    def __init__(self, server: FleetingServer, clean: Mapping[str, str], opened: ExitStack) -> None:
        copies = {name: opened.enter_context(server.fresh(clean[name])) for name in DATABASES}
        self.urls = {name: copy.url for name, copy in copies.items()}
        self._all_powerful = {
            name: server.url(parse_dsn(url)["dbname"]) for name, url in self.urls.items()
        }
        self._subscriber = opened.enter_context(listening())
        environ = {"API_KEYS": KEY, "PUBLIC_URL": "http://127.0.0.1"}
        gateway = opened.enter_context(self._program(gateway_program, "gateway", "serve", environ))
        rpc = {"RPC_KEYS": KEY, "RPC_PORT": str(free_port())}
        opened.enter_context(self._program(inventory_program, "inventory", "rpc", rpc))
        address = f"127.0.0.1:{rpc['RPC_PORT']}"
        self.audited = AuditedStore(self.urls, Gateway(gateway.url, KEY))
        self._inventory = address

    def plant(self, sql: Mapping[str, str]) -> None:
        """The small store as it was, but for this."""
        for name in DATABASES:
            write(self._all_powerful[name], EMPTY + ROWS[name] + sql.get(name, ""))
        with_secret = Cipher([SEALED_WITH]).seal(SECRET.encode())
        endpoint = f"UPDATE webhook_endpoints SET url = '{self._subscriber}', sealed_secret = "
        write(self._all_powerful["orders"], endpoint + f"'\\x{with_secret.hex()}'")

    def spoil(self, service: str, sql: str) -> None:
        """Change it further."""
        write(self._all_powerful[service], sql)

    def audit(self, rules: Rules = Rules()) -> Result:  # noqa: B008 - it is frozen
        """What an audit finds."""
        return audited_by(rules, self.urls, self.audited.gateway)

    def repaired(self, found: Result) -> tuple[list[Repair], Result]:
        """What a repair did about it, and what a second audit finds."""
        proposals = proposals_of(found)
        done = list(repairs(proposals, self.audited))
        if any(proposal.kind.ended for proposal in proposals):
            with self._worker():
                wait_for_workers(proposals, self.audited, WAIT_SECONDS)
        return done, self.audit(Rules(anyway=orders_of(proposals)))

    def payment(self, intent_id: str) -> Any:
        """A payment as the gateway's API shows it."""
        return self.audited.gateway.get(f"/v1/payment_intents/{intent_id}", {})

    def capture(self, intent_id: str, key: str) -> None:
        """Capture a payment under this idempotency key."""
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": key}
        url = f"{self.audited.gateway.url}/v1/payment_intents/{intent_id}/capture"
        requests.post(url, headers=headers, timeout=10).raise_for_status()

    def _worker(self) -> AbstractContextManager[RunningProgram]:
        environ = {
            "INVENTORY_ADDRESS": self._inventory,
            "INVENTORY_RPC_KEY": KEY,
            "PAYMENT_API_URL": self.audited.gateway.url,
            "PAYMENT_API_KEY": KEY,
            "KEY_ENCRYPTION_SECRET": SEALED_WITH,
            "WEBHOOK_PRIVATE_ADDRESSES": "true",
        }
        return self._program(orders_program, "orders", "work", environ)

    @contextmanager
    def _program(
        self, module: ModuleType, service: str, command: str, environ: Mapping[str, str]
    ) -> Iterator[RunningProgram]:
        source = f"from {module.__name__} import main; main()"
        with running(source, command, DATABASE_URL=self.urls[service], **environ) as started:
            wait_until(started.is_ready, 30)
            yield started


@contextmanager
def listening() -> Iterator[str]:
    """The address of a subscriber who takes everything."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
