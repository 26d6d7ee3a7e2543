"""`proof audit`: what all databases and the gateway say, held against each other."""

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from store.audit.addresses import Where, where
from store.audit.audit import EVENT_LIMIT, Result, Rules, audited_by
from store.audit.auditor import keep_auditing
from store.audit.findings import KEPT
from store.audit.repairing import (
    Planned,
    Repair,
    hands_for,
    orders_of,
    planned,
    repairs,
    wait_for_workers,
)
from store.audit.report import SHOWN, as_json, repair_of, report_of, show, show_repair
from store.cli import options
from store.cli.console import open_console
from store.cli.errors import CannotProve
from store.devstack.folder import Folder
from store.server.environ import BadEnviron
from store.server.process.ops import OpsConfig
from store.server.telemetry.logs import environ_of

REPAIRED_AT_ONCE = 10_000  # of each check: as many findings are remembered for a repair


@click.command()
@click.option(
    "--grace",
    default=Rules.grace,
    show_default=True,
    type=click.IntRange(min=0),
    help="Seconds: what changed more recently is not judged.",
)
@click.option(
    "--event-limit",
    default=EVENT_LIMIT,
    show_default=True,
    type=click.IntRange(min=1),
    help="Seconds within which every active webhook endpoint should have an event.",
)
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
@click.option(
    "--repair", is_flag=True, help="Set right what has one right answer, then audit again."
)
@click.option("--dry-run", is_flag=True, help="With --repair: say what it would do, and stop.")
@click.option("--yes", is_flag=True, help="With --repair: do not ask before.")
@click.option(
    "--wait",
    default=15.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="With --repair: seconds given to the workers, who end what is made due.",
)
@click.option(
    "--patience",
    default=0.0,
    show_default=True,
    envvar="DATABASE_WAIT_SECONDS",
    type=click.FloatRange(min=0),
    help="Seconds to wait for a database or the gateway that cannot be reached yet.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    help="Audit until SIGTERM, with so many seconds between two audits; /metrics tells of each.",
)
@click.option(
    "--ops-port",
    default=OpsConfig.ops_port,
    show_default=True,
    envvar="OPS_PORT",
    show_envvar=True,
    type=click.IntRange(min=0, max=65535),
    help="With --every: where /live, /ready and /metrics are.",
)
@options.data
@click.option("--users-database-url", "users", envvar="USERS_DATABASE_URL", show_envvar=True)
@click.option(
    "--inventory-database-url", "inventory", envvar="INVENTORY_DATABASE_URL", show_envvar=True
)
@click.option("--orders-database-url", "orders", envvar="ORDERS_DATABASE_URL", show_envvar=True)
@click.option("--gateway-database-url", "gateway", envvar="GATEWAY_DATABASE_URL", show_envvar=True)
@click.option(
    "--gateway-url", envvar="PAYMENT_API_URL", show_envvar=True, help="The gateway's API."
)
@click.option(
    "--inventory-address",
    envvar="INVENTORY_ADDRESS",
    show_envvar=True,
    help="Inventory's gRPC address; only a repair needs it.",
)
def audit(
    grace: int,
    event_limit: int,
    in_json: bool,
    repair: bool,
    dry_run: bool,
    yes: bool,
    wait: float,
    patience: float,
    every: float | None,
    ops_port: int,
    data: Path,
    gateway_url: str | None,
    inventory_address: str | None,
    **databases: str | None,
) -> None:
    """Check that nothing was lost and nothing doubled.

    Reads the databases of users, inventory, orders and gateway, each in one read-only snapshot, and
    the gateway's API (its key comes from PAYMENT_API_KEY). Without addresses: the local store.

    A repair also needs inventory's gRPC address (its key comes from INVENTORY_RPC_KEY), and roles that
    may write to the databases of orders and inventory. What has more than one right answer it leaves
    to a person, and says why.

    With --every it goes on until SIGTERM and serves metrics, for an alert to watch. It waits for nobody
    then: what it cannot look at it says, and soon looks again.

    Exit status: 0 nothing found, 1 something found (after the repair, if there was one), 2 could not
    check.
    """
    if dry_run and not repair:
        raise click.UsageError("--dry-run goes with --repair.")
    if every is not None and (repair or in_json):
        raise click.UsageError("--every only looks, and tells /metrics and the log.")
    if repair and not (yes or dry_run or sys.stdin.isatty()):
        raise CannotProve("--repair asks first: give --yes where nobody is there to answer.")
    patience = 0 if every is not None else patience
    store = where(Folder(data), databases, gateway_url, inventory_address, patience)
    if repair:
        store.refuse_repair_without_inventory()
    rules = Rules(grace, event_limit, REPAIRED_AT_ONCE if repair else KEPT, patience=patience)
    if every is not None:
        keep_looking(store, rules, every, ops_port)
        return
    console = open_console(aside=in_json)  # JSON has standard output for itself
    mending = Mending(store, rules, console, dry_run, yes, wait) if repair else None
    with taking_no_crash_for_a_finding():
        result = _audit_once(store, rules, mending, console, in_json)
    raise SystemExit(1 if result.found else 0)


def keep_looking(store: Where, rules: Rules, every: float, ops_port: int) -> None:
    """Be an auditor until SIGTERM, which logs as LOG_LEVEL and LOG_FORMAT say; BIND is its address."""
    try:
        env = environ_of("audit")
        ops = replace(OpsConfig.from_environ(env), ops_port=ops_port)
        env.check()
    except BadEnviron as error:
        raise CannotProve(str(error)) from None
    keep_auditing(lambda: audited_by(rules, store.databases, store.gateway), every, ops)


@dataclass(frozen=True)
class Mending:
    """A repair as it was asked for."""

    store: Where
    rules: Rules
    console: Console
    dry_run: bool
    yes: bool
    wait: float

    def mended(self, result: Result) -> tuple[Result, dict[str, Any]]:
        """The result of a second audit after the repair, or the same if nothing was done; and what was."""
        plans = planned(result)
        if self.dry_run or not (plans and self._may(plans)):
            return result, {
                "repairs": [repair_of(Repair(plan, False, "not done")) for plan in plans]
            }
        done = self._done(plans)
        again = replace(self.rules, kept=KEPT, anyway=orders_of(plans))
        after = audited_by(again, self.store.databases, self.store.gateway)
        return after, {"before": report_of(result), "repairs": [repair_of(each) for each in done]}

    def _may(self, plans: Sequence[Planned]) -> bool:
        if self.yes:
            return True
        for plan in plans[:SHOWN]:
            click.echo(f"  {plan.remedy.does}", err=True)
        if len(plans) > SHOWN:
            click.echo(f"  and {len(plans) - SHOWN:,} more", err=True)
        return click.confirm(f"Do these {len(plans):,} things?", err=True)

    def _done(self, plans: Sequence[Planned]) -> list[Repair]:
        done = []
        with hands_for(self.store) as hands:
            for repair in repairs(plans, self.store, hands):
                show_repair(self.console, repair)
                done.append(repair)
            wait_for_workers([each.planned for each in done if each.done], hands, self.wait)
        return done


def _audit_once(
    store: Where, rules: Rules, mending: Mending | None, console: Console, in_json: bool
) -> Result:
    """Audit and say what was found; after a repair, what is left of it."""
    result = audited_by(rules, store.databases, store.gateway)
    if in_json:
        result, more = mending.mended(result) if mending else (result, {})
        click.echo(as_json(result, **more))
        return result
    show(console, result)
    if mending and (after := mending.mended(result)[0]) is not result:
        show(console, after)
        return after
    return result


@contextmanager
def taking_no_crash_for_a_finding() -> Iterator[None]:
    """Turns what nobody foresaw into CannotProve: Python would leave with status 1, a finding's."""
    try:
        yield
    except (click.ClickException, click.Abort):
        raise
    except Exception:
        traceback.print_exc()
        raise CannotProve("The audit broke off: this says nothing about the store.") from None
