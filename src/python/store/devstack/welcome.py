"""What `up` prints when the store is ready: where everything is, and how to try it."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from store.devstack.accounts import ADMIN, CUSTOMER, STAFF
from store.devstack.folder import Folder
from store.devstack.monitoring import MonitoringStatus
from store.devstack.ports import HOST, SERVICES, Ports
from store.devstack.secrets_file import Secrets

READY = "virtual-store is ready"
BUYER = "you@example.com"
PASSWORD = "a-password-of-your-own"  # noqa: S105 - an example for people to replace
JSON = "-H 'Content-Type: application/json'"
FIELD = "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"{}\"])'"


def welcome(
    console: Console, folder: Folder, ports: Ports, secrets: Secrets, watched: MonitoringStatus
) -> None:
    console.print(f"\n[bold green]{READY}[/]\n")
    console.print(_addresses(ports, watched))
    console.print(_log_ins(secrets))
    for title, address in watched.dashboards.items():
        console.print(
            f"Dashboard {title}: {address}", highlight=False, markup=False, soft_wrap=True
        )
    for missing in watched.missing:
        console.print(missing, style="yellow", highlight=False, markup=False, soft_wrap=True)
    for line in _locations(folder):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print("\nTry it, line by line:\n")
    for line in journey(ports):
        # Plain: a line that is wrapped or coloured could not be copied.
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print("\n./pants logs shows what the processes say, ./pants status how they are.")
    console.print("Ctrl-C or ./pants stop stops it; the data stays.\n")


def journey(ports: Ports) -> Iterator[str]:
    """Lines for bash: register, log in, search, order. The last one ends in a confirmed order."""
    users, inventory, orders = (ports.url(name) for name in ("users", "inventory", "orders"))
    log_in = f'{{"email":"{BUYER}","password":"{PASSWORD}"}}'
    register = f'{{"email":"{BUYER}","password":"{PASSWORD}","name":"You"}}'
    yield f"curl -sSw '\\n' {users}/v1/users {JSON} -d '{register}'"
    yield (
        f"TOKEN=$(curl -sS {users}/v1/sessions {JSON} -d '{log_in}' | {FIELD.format('access_token')})"
    )
    yield f"curl -sSw '\\n' '{inventory}/v1/products?q=harbour+mug'"
    yield (
        f"curl -sSw '\\n' {orders}"
        f'/v1/orders -H "Authorization: Bearer $TOKEN" '
        f"-H \"Idempotency-Key: $(date +%s)\" {JSON} -d '{_order()}'"
    )


def _order() -> str:
    address = '"name":"You","line1":"1 Harbour Street","city":"Hamburg","postal_code":"20457"'
    return (
        '{"currency":"EUR","lines":[{"sku":"MUG-RED","quantity":2}],'
        '"payment_method":"pm_card_visa",'
        f'"shipping_address":{{{address},"country":"DE"}}}}'
    )


def _locations(folder: Folder) -> Iterator[str]:
    yield f"Mails land in {folder.mails}, logs in {folder.logs}"
    postgres = folder.database.path
    if postgres.parent != folder.path:
        yield (
            f"PostgreSQL's data is in {postgres}: it runs as nobody, who may not enter "
            f"{folder.path}"
        )


def _addresses(ports: Ports, watched: MonitoringStatus) -> Table:
    table = Table("process", "address", "docs", "/ready, /metrics", title="Addresses")
    for name in sorted(SERVICES):
        docs = "/" if name == "gateway" else "/docs"
        table.add_row(name, ports.url(name), docs, f"{HOST}:{ports.ops(name)}")
    rpc = f"{HOST}:{ports.inventory_rpc} (gRPC)"
    table.add_row("inventory-rpc", rpc, "", f"{HOST}:{ports.ops('inventory-rpc')}")
    table.add_row("orders-work", "", "", f"{HOST}:{ports.ops('orders-work')}")
    if ports.monitored:
        table.add_row("audit", "", "", f"{HOST}:{ports.ops('audit')}")
    for name, address in watched.addresses.items():
        table.add_row(name, address)
    return table


def _log_ins(secrets: Secrets) -> Table:
    table = Table("role", "e-mail", "password", title="Demo log-ins")
    table.add_row("admin", ADMIN, secrets.admin_password)
    table.add_row("staff", STAFF, secrets.staff_password)
    table.add_row("customer", CUSTOMER, secrets.customer_password)
    return table
