"""`./pants import FILE`: load products from a CSV or NDJSON file into a store."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from store.cli import options
from store.cli.errors import Trouble
from store.cli.name_value import Pairs
from store.cli.progress import progress
from store.devstack.accounts import STAFF
from store.devstack.addresses import read_addresses
from store.devstack.folder import Folder
from store.devstack.import_client import Import, RejectedRow, Result, send
from store.devstack.rest import Rest
from store.devstack.secrets_file import read

SHOWN = 20
FORMATS = ("csv", "ndjson")
REJECTED = 1
"""The exit status when rows were; as with `proof audit`, 2 is for what could not be done."""


class CouldNotImport(Trouble):
    exit_code = 2


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, type=Pairs(), metavar="OURS=THEIRS",
              help="Our column and the file's: --map sku=StockCode.")  # fmt: skip
@click.option("--set", "values", multiple=True, type=Pairs(), metavar="OURS=VALUE",
              help="A value for every row that has none: --set currency=GBP.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by the file's name.")
@click.option("--dry-run", is_flag=True, help="Check every row, write nothing.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path),
              help="Write why rows were rejected to this CSV.")  # fmt: skip
@click.option("--allow-rejected", is_flag=True, help="Exit with 0 even if rows were rejected.")
@options.data
@click.option("--url", help="Another store's inventory service; needs a token in STORE_TOKEN.")
def import_command(
    file: Path,
    mapped: Sequence[tuple[str, str]],
    values: Sequence[tuple[str, str]],
    form: str | None,
    dry_run: bool,
    rejects: Path | None,
    allow_rejected: bool,
    data: Path,
    url: str | None,
) -> None:
    """Load products from a CSV or NDJSON file (gzip or not) into a store.

    What the columns mean is documented at /docs of inventory, under `POST /v1/imports`. Rows that
    the store rejects are listed; all others are loaded. Importing a file twice changes nothing.

    A rejected row is named by its number in a spreadsheet, where the header is 1, and by the line of
    the file where it begins.

    Exit status: 0 if every row was taken, 1 if some were rejected, 2 if the import could not be
    done.
    """
    console = Console()
    try:
        source = Import(file, form or _format_of(file), dict(mapped), dict(values), dry_run)
        with Rest() as rest:
            inventory, token = _other(url) if url else _local(rest, Folder(data))
            with progress(console, file.name, file.stat().st_size) as shown:
                result = send(
                    rest, inventory, token, source, lambda sent: shown.reach(sent, "bytes")
                )
        if rejects:
            _write(rejects, result.rejects)
    except Trouble as trouble:
        raise CouldNotImport(trouble.message) from None
    _show(console, result)
    if result.summary["rejected"] and not allow_rejected:
        click.get_current_context().exit(REJECTED)


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


def _write(file: Path, rejects: Sequence[RejectedRow]) -> None:
    try:
        with file.open("w", newline="", encoding="utf-8") as handle:
            rows = csv.writer(handle)
            rows.writerow(("row", "line", "column", "reason"))
            rows.writerows((each.row, each.line, each.column, each.reason) for each in rejects)
    except OSError as error:
        raise Trouble(f"{file} cannot be written: {error.strerror}.") from None


def _show(console: Console, result: Result) -> None:
    summary = result.summary
    if result.rejects:
        console.print(_rejects(result.rejects))
    if left_out := summary.get("errors_left_out"):
        console.print(f"The store left out {left_out:,} more reasons.", highlight=False)
    if ignored := summary.get("ignored_columns"):
        console.print(f"Columns not used: {', '.join(ignored)}", markup=False)
    parts = ("rows", "created", "updated", "unchanged", "rejected")
    line = ", ".join(f"{summary[part]:,} {part}" for part in parts)
    console.print(f"{'Dry run: ' if summary['dry_run'] else ''}{line}", highlight=False)


def _rejects(rejects: Sequence[RejectedRow]) -> Table:
    table = Table("row", "line", "column", "reason", title="Rejected rows", title_justify="left")
    if len(rejects) > SHOWN:
        table.caption = f"the first {SHOWN} of {len(rejects):,} reasons; --rejects FILE writes all"
    for each in rejects[:SHOWN]:
        table.add_row(str(each.row), str(each.line), escape(each.column), escape(each.reason))
    return table
