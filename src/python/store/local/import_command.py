"""`./pants import FILE`: load products from a CSV or NDJSON file into a store."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from store.local import options
from store.local.accounts import STAFF
from store.local.addresses import read_addresses
from store.local.errors import Trouble
from store.local.folder import Folder
from store.local.importing import Import, Result, Row, send
from store.local.mapping import Pairs
from store.local.progress import progress
from store.local.rest import Rest
from store.local.secrets_file import read

SHOWN = 20
FORMATS = ("csv", "ndjson")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, type=Pairs(), metavar="OURS=THEIRS",
              help="Our column and the file's: --map sku=StockCode.")  # fmt: skip
@click.option("--set", "values", multiple=True, type=Pairs(), metavar="OURS=VALUE",
              help="A value for every row that has none: --set currency=GBP.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by the file's name.")
@click.option("--dry-run", is_flag=True, help="Check every row, write nothing.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path),
              help="Write all rejected rows to this CSV.")  # fmt: skip
@options.data
@click.option("--url", help="Another store's inventory service; needs a token in STORE_TOKEN.")
def import_command(
    file: Path,
    mapped: Sequence[tuple[str, str]],
    values: Sequence[tuple[str, str]],
    form: str | None,
    dry_run: bool,
    rejects: Path | None,
    data: Path,
    url: str | None,
) -> None:
    """Load products from a CSV or NDJSON file (gzip or not) into a store.

    What the columns mean is documented at /docs of inventory, under `POST /v1/imports`. Rows that
    the store rejects are listed; all others are loaded. Importing a file twice changes nothing.
    """
    wanted = Import(file, form or _format_of(file), dict(mapped), dict(values), dry_run)
    console = Console()
    with Rest() as rest:
        inventory, token = _other(url) if url else _local(rest, Folder(data))
        with progress(console, file.name, file.stat().st_size) as shown:
            result = send(rest, inventory, token, wanted, lambda sent: shown.reach(sent, "bytes"))
    if rejects:
        _write(rejects, result.rejects)
    _show(console, result)


def _format_of(file: Path) -> str:
    found = [form for form in FORMATS if f".{form}" in file.suffixes]
    if not found:
        raise Trouble(f"{file.name} is neither .csv nor .ndjson: say which with --format")
    return found[0]


def _other(url: str) -> tuple[str, str]:
    token = os.environ.get("STORE_TOKEN", "")
    if not token:
        raise Trouble("Set STORE_TOKEN to an access token of that store's staff.")
    return url.rstrip("/"), token


def _local(rest: Rest, folder: Folder) -> tuple[str, str]:
    ports = read_addresses(folder.addresses).ports
    password = read(folder.secrets).staff_password
    return ports.url("inventory"), rest.log_in(ports.url("users"), STAFF, password)


def _write(file: Path, rejects: Sequence[Row]) -> None:
    with file.open("w", newline="", encoding="utf-8") as handle:
        rows = csv.writer(handle)
        rows.writerow(("row", "line", "column", "reason"))
        rows.writerows((each.row, each.line, each.column, each.reason) for each in rejects)


def _show(console: Console, result: Result) -> None:
    if result.rejects:
        console.print(_rejects(result.rejects))
    summary = result.summary
    if ignored := summary.get("ignored_columns"):
        console.print(f"Columns not used: {', '.join(ignored)}", markup=False)
    parts = ("rows", "created", "updated", "unchanged", "rejected")
    line = ", ".join(f"{summary[part]:,} {part}" for part in parts)
    console.print(f"{'Dry run: ' if summary['dry_run'] else ''}{line}", highlight=False)


def _rejects(rejects: Sequence[Row]) -> Table:
    shown = rejects[:SHOWN]
    more = f" (the first {SHOWN} of {len(rejects):,}; --rejects FILE writes all)"
    table = Table("row", "line", "column", "reason", title="Rejected rows", title_justify="left")
    table.caption = more.strip() if len(rejects) > SHOWN else None
    for each in shown:
        table.add_row(str(each.row), str(each.line), escape(each.column), escape(each.reason))
    return table
