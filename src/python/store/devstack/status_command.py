"""`./pants status`: what of a store runs, where it is, and whether it is ready."""

import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
import requests
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from store.cli import options
from store.cli.errors import Trouble
from store.devstack.addresses import read_addresses
from store.devstack.folder import Folder
from store.devstack.ports import HOST, Ports
from store.devstack.readiness import why_not

ASK_SECONDS = 3.0
READY = "ready"


class Process(NamedTuple):
    """One of a store: its name, `ready` or why it is not, where it answers and where it is observed."""

    name: str
    state: str
    address: str = ""
    ops: str = ""


class NotUp(Trouble):
    def __init__(self, folder: object) -> None:
        super().__init__(f"No store runs in {folder}: ./pants up starts it.")


@click.command("status")
@options.data
def status_command(data: Path) -> None:
    """Say what runs, at which ports, since when, and whether it is ready.

    Exit status: 0 all of it is ready, 1 something is not, or no store runs.
    """
    folder, console = Folder(data), Console()
    if not folder.is_held:
        raise NotUp(folder.path)
    pid, since = folder.holder, folder.held_since
    if pid is None:
        raise Trouble(f"The `up` of {folder.path} was killed; its processes end within a minute.")
    ports = _ports(folder, since)
    found = list(processes(folder, ports)) if ports else []
    state = _state(found, has_demo=folder.has_demo)
    minutes = (datetime.now(UTC) - since).total_seconds() / 60
    began = f"{since.astimezone():%Y-%m-%d %H:%M:%S} ({minutes:,.0f} min)"
    line = f"The store in {folder.path} is {state}: process {pid}, since {began}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    if found:
        table = Table("process", "state", "address", "/ready, /metrics")
        for each in found:
            table.add_row(each.name, escape(each.state), each.address, each.ops)
        console.print(table)
    if state != READY:
        raise SystemExit(1)


def processes(folder: Folder, ports: Ports) -> Iterator[Process]:
    """All that belongs to a store with these ports, asked now."""
    yield Process("postgres", READY if _postgres_says_ready(folder) else "not ready")
    with requests.Session() as session:
        session.trust_env = False  # a proxy has no business on the loopback
        for name in ports.scraped:
            state = why_not(session, ports.ops(name), ASK_SECONDS) or READY
            yield Process(name, state, _address(ports, name), f"{HOST}:{ports.ops(name)}")
    yield _listening("mail", ports.mail)
    if ports.monitored:
        watchers = (
            _listening("prometheus", ports.prometheus),
            _listening("grafana", ports.grafana),
        )
        # They are not on every machine, and the store goes on without them.
        yield from (watcher for watcher in watchers if watcher.state == READY)


def _state(found: Sequence[Process], *, has_demo: bool) -> str:
    """What all of them are together; the demo is loaded once everything else is ready."""
    if any(each.state != READY for each in found):
        return "not ready"
    return READY if found and has_demo else "starting"


def _postgres_says_ready(folder: Folder) -> bool:
    try:
        note = (folder.database.path / "data" / "postmaster.pid").read_text()
    except OSError:
        return False
    return note.rstrip().endswith(READY)


def _address(ports: Ports, name: str) -> str:
    if name == "inventory-rpc":
        return f"{HOST}:{ports.inventory_rpc} (gRPC)"
    return "" if name in ports.orders_workers or name == "audit" else ports.url(name)


def _listening(name: str, port: int) -> Process:
    with socket.socket() as tried:
        tried.settimeout(ASK_SECONDS)
        answers = tried.connect_ex((HOST, port)) == 0
    return Process(name, READY if answers else "it does not listen", f"{HOST}:{port}")


def _ports(folder: Folder, since: datetime) -> Ports | None:
    """None while the store has just begun: what is noted there is of the time before."""
    try:
        noted = datetime.fromtimestamp(folder.addresses.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    return read_addresses(folder.addresses).ports if noted > since else None
