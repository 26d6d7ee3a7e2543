"""`proof audit`: what all databases and the gateway say, held against each other."""

import os
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from store.local.addresses import read_addresses
from store.local.folder import Folder
from store.local.secrets_file import read
from store.proof.audit.case_checks import CHECKS
from store.proof.audit.cases import cases
from store.proof.audit.findings import Tally
from store.proof.audit.gateway_check import Gateway, check_api
from store.proof.audit.report import as_json, show
from store.proof.audit.snapshots import DATABASES, Snapshot, snapshots
from store.proof.audit.table_checks import check_tables
from store.proof.audit.totals import Totals
from store.proof.errors import CannotProve, local_store


@dataclass(frozen=True)
class Result:
    """Every check's row, the money per currency, and how many orders were too young to judge."""

    tallies: list[Tally]
    totals: Totals
    not_judged: int

    @property
    def found(self) -> int:
        return sum(tally.found for tally in self.tallies)


@click.command()
@click.option("--grace", default=60, show_default=True, type=click.IntRange(min=0),
              help="Seconds: what changed more recently is not judged.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--data", default=".store", show_default=True, type=click.Path(path_type=Path),
              help="The folder of the local store.")  # fmt: skip
@click.option("--users-database-url", "users", envvar="USERS_DATABASE_URL")
@click.option("--inventory-database-url", "inventory", envvar="INVENTORY_DATABASE_URL")
@click.option("--orders-database-url", "orders", envvar="ORDERS_DATABASE_URL")
@click.option("--gateway-database-url", "gateway", envvar="GATEWAY_DATABASE_URL")
@click.option("--gateway-url", envvar="PAYMENT_API_URL", help="The gateway's API.")
def audit(
    grace: int, in_json: bool, data: Path, gateway_url: str | None, **given: str | None
) -> None:
    """Check that nothing was lost and nothing doubled.

    Reads the databases of users, inventory, orders and gateway, each in one read-only snapshot, and
    the gateway's API (its key comes from PAYMENT_API_KEY). Without addresses: the local store.

    Exit status: 0 nothing found, 1 something found, 2 could not check.
    """
    urls, gateway = _addresses(Folder(data), given, gateway_url)
    try:
        result = audited(urls, gateway, grace)
    except CannotProve:
        raise
    except Exception:
        # Python would leave with status 1, which says that something was found.
        traceback.print_exc()
        raise CannotProve("The audit broke off: this says nothing about the store.") from None
    if in_json:
        click.echo(as_json(result.tallies, result.totals, result.not_judged))
    else:
        show(Console(), result.tallies, result.totals, result.not_judged)
    raise SystemExit(1 if result.found else 0)


def audited(urls: Mapping[str, str], gateway: Gateway, grace: int) -> Result:
    """Every check over everything; CannotProve if something cannot be read."""
    with snapshots(urls) as taken:
        before = taken["orders"].taken_at - timedelta(seconds=grace)
        result = judged(taken, before)
        api = check_api(gateway, taken["gateway"], before)
        return replace(result, tallies=[*result.tallies, api])


def judged(taken: Mapping[str, Snapshot], before: datetime) -> Result:
    """Every check over the databases; what changed after `before` is not judged."""
    tallies = [Tally(check.name) for check in CHECKS]
    totals, not_judged = Totals(), 0
    for case in cases(taken):
        if case.touched_at >= before:
            not_judged += 1
            continue
        totals.add(case)
        for check, tally in zip(CHECKS, tallies, strict=True):
            if check.concerns(case):
                tally.count(f"order {case.order_id}", check.judge(case, before))
    tables = check_tables(taken, before)
    return Result([*tallies, totals.check(), *tables], totals, not_judged)


def _addresses(
    folder: Folder, given: Mapping[str, str | None], gateway_url: str | None
) -> tuple[Mapping[str, str], Gateway]:
    key = os.environ.get("PAYMENT_API_KEY")
    named = {name: url for name, url in given.items() if url}
    if len(named) == len(DATABASES) and gateway_url and key:
        return named, Gateway(gateway_url.rstrip("/"), key)
    if named or gateway_url:
        raise CannotProve(
            "For another store than the local one, give all of it: " + ", ".join(_wanted(named))
        )
    with local_store():
        local, key = read_addresses(folder.addresses), read(folder.secrets).payment_key
    return local.databases, Gateway(local.ports.url("gateway"), key)


def _wanted(named: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name.upper()}_DATABASE_URL" for name in DATABASES if name not in named)
    yield from ("PAYMENT_API_URL", "PAYMENT_API_KEY")
