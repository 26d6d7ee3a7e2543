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

from store.audit.addresses import AuditedStore, find_store, refuse_repair_without_services
from store.audit.audit import EVENT_LIMIT, Result, Rules, audited_by
from store.audit.auditor import keep_auditing
from store.audit.checks.findings import MAX_FINDINGS
from store.audit.checks.proposals import Proposal
from store.audit.repair import Repair, orders_of, proposals_of, repairs, wait_for_workers
from store.audit.report import SHOWN, as_json, repair_of, report_of, show, show_repair
from store.cli import options
from store.cli.console import open_console
from store.cli.errors import CannotProve
from store.devstack.folder import Folder
from store.server.environ import BadEnviron
from store.server.process.ops import OpsConfig
from store.server.telemetry.logs import environ_of

MAX_PROPOSALS = 10_000  # of each check: so many findings are remembered for a repair


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
    "--proposals",
    is_flag=True,
    help="Print what has one right answer, a line of JSON each, for the services' `repair`.",
)
@click.option(
    "--repair",
    is_flag=True,
    help="Have the services set right what has one right answer, then audit again.",
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
@click.option("--inventory-address", hidden=True, help="Not needed any more.")
def audit(
    grace: int,
    event_limit: int,
    in_json: bool,
    proposals: bool,
    repair: bool,
    dry_run: bool,
    yes: bool,
    wait: float,
    patience: float,
    every: float | None,
    ops_port: int,
    data: Path,
    gateway_url: str | None,
    inventory_address: str | None,  # noqa: ARG001 - of those who still give it
    **databases: str | None,
) -> None:
    """Check that nothing was lost and nothing doubled.

    Reads the databases of users, inventory, orders and gateway, each in one read-only snapshot, and
    the gateway's API (its key comes from PAYMENT_API_KEY). Without addresses: the local store.

    It writes nowhere. --repair hands what it proposes to the commands `orders repair`, `inventory repair`
    and `gateway repair`, which run here and need the databases' own roles; --proposals prints it for
    services that run elsewhere. What has more than one right answer is left to a person, and it says why.

    With --every it goes on until SIGTERM and serves metrics, for an alert to watch. It waits for nobody
    then: what it cannot look at it says, and soon looks again.

    Exit status: 0 nothing found, 1 something found (after the repair, if there was one), 2 could not
    check.
    """
    if dry_run and not repair:
        raise click.UsageError("--dry-run goes with --repair.")
    if every is not None and (repair or in_json or proposals):
        raise click.UsageError("--every only looks, and tells /metrics and the log.")
    if proposals and (repair or in_json):
        raise click.UsageError("--proposals has standard output for itself.")
    if repair and not (yes or dry_run or sys.stdin.isatty()):
        raise CannotProve("--repair asks first: give --yes where nobody is there to answer.")
    patience = 0 if every is not None else patience
    store = find_store(Folder(data), databases, gateway_url, patience)
    if repair:
        refuse_repair_without_services()
    remembered = MAX_PROPOSALS if repair or proposals else MAX_FINDINGS
    rules = Rules(grace, event_limit, remembered, patience=patience)
    if every is not None:
        keep_looking(store, rules, every, ops_port)
        return
    # JSON has standard output for itself.
    console = open_console(aside=in_json or proposals)
    run = RepairRun(store, rules, console, dry_run, yes, wait) if repair else None
    with taking_no_crash_for_a_finding():
        result = _audit_once(store, rules, run, console, in_json)
        for proposal in proposals_of(result) if proposals else ():
            click.echo(proposal.line)
    raise SystemExit(1 if result.found else 0)


def keep_looking(store: AuditedStore, rules: Rules, every: float, ops_port: int) -> None:
    """Be an auditor until SIGTERM, which logs as LOG_LEVEL and LOG_FORMAT say; BIND is its address."""
    try:
        env = environ_of("audit")
        ops = replace(OpsConfig.from_environ(env), ops_port=ops_port)
        env.check()
    except BadEnviron as error:
        raise CannotProve(str(error)) from None
    keep_auditing(lambda: audited_by(rules, store.databases, store.gateway), every, ops)


@dataclass(frozen=True)
class RepairRun:
    """A repair as it was asked for."""

    store: AuditedStore
    rules: Rules
    console: Console
    dry_run: bool
    yes: bool
    wait: float

    def repair(self, result: Result) -> tuple[Result, dict[str, Any]]:
        """The result of a second audit after the repair, or the same if nothing was done; and what was."""
        proposals = proposals_of(result)
        if self.dry_run or not (proposals and self._may(proposals)):
            undone = [repair_of(Repair(proposal, False, "not done")) for proposal in proposals]
            return result, {"repairs": undone}
        done = []
        for repair in repairs(proposals, self.store):
            show_repair(self.console, repair)
            done.append(repair)
        wait_for_workers([each.proposal for each in done if each.done], self.store, self.wait)
        again = replace(self.rules, max_findings=MAX_FINDINGS, anyway=orders_of(proposals))
        after = audited_by(again, self.store.databases, self.store.gateway)
        return after, {"before": report_of(result), "repairs": [repair_of(each) for each in done]}

    def _may(self, proposals: Sequence[Proposal]) -> bool:
        if self.yes:
            return True
        for proposal in proposals[:SHOWN]:
            click.echo(f"  {proposal.does}", err=True)
        if len(proposals) > SHOWN:
            click.echo(f"  and {len(proposals) - SHOWN:,} more", err=True)
        return click.confirm(f"Do these {len(proposals):,} things?", err=True)


def _audit_once(
    store: AuditedStore, rules: Rules, run: RepairRun | None, console: Console, in_json: bool
) -> Result:
    """Audit and say what was found; after a repair, what is left of it."""
    result = audited_by(rules, store.databases, store.gateway)
    if in_json:
        result, more = run.repair(result) if run else (result, {})
        click.echo(as_json(result, **more))
        return result
    show(console, result)
    if run and (after := run.repair(result)[0]) is not result:
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
