"""`proof upgrade`: from one release to the next and back, in containers, while buyers come and go."""

from dataclasses import asdict

import click
import orjson
from rich.console import Console
from rich.table import Table

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.docker import check_engine
from store.chaos.containers.log_folder import log_folder
from store.chaos.containers.upgrade import Tags, UpgradeReport, UpgradeTestbed, run_upgrade
from store.chaos.containers.upgrade_orders import NEXT, PREVIOUS
from store.chaos.report import show
from store.cli.console import open_console
from store.cli.errors import local_store
from store.cli.interrupts import stopped_in_order
from store.devstack.output import Output


@click.command()
@click.option("--from", "before", default="dev", show_default=True,
              help="The tag of the images of the release before.")  # fmt: skip
@click.option("--to", "after", default="next", show_default=True,
              help="The tag of the next one.")  # fmt: skip
@click.option("--broken", default="broken", show_default=True,
              help="The tag of one whose migration fails.")  # fmt: skip
@click.option("--rate", default=3.0, show_default=True, type=click.FloatRange(0.1, 100),
              help="Journeys that begin a second.")  # fmt: skip
@click.option("--rest", default=6.0, show_default=True, type=click.FloatRange(1),
              help="Seconds that each release serves between two changes.")  # fmt: skip
@click.option("--calm", default=60.0, show_default=True, type=click.FloatRange(1),
              help="Seconds after the last buyer until nothing may be left to do.")  # fmt: skip
@click.option("--clock", default=4.0, show_default=True, type=click.FloatRange(1, 60),
              help="How much faster than usual the release's Prometheus scrapes, evaluates and forgets.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--keep", is_flag=True, help="Keep the logs also when all went well.")
def upgrade(
    before: str,
    after: str,
    broken: str,
    rate: float,
    rest: float,
    calm: float,
    clock: float,
    in_json: bool,
    keep: bool,
) -> None:
    """Upgrade a release under load, roll it back, upgrade it again, and restart all of it.

    The chart is rendered and runs in containers, as in `proof containers`. What helm and Kubernetes do
    with another revision is done to it: first the hooks, which migrate; then every workload at once
    gets new pods, each old one leaving when a new one is ready. Buyers come all the while and try
    again what fails. One upgrade in between has a migration that fails and must change nothing. In the
    end every process that serves is restarted while Prometheus is away.

    No buyer may see a failure, nothing may be lost or doubled, every event must be delivered, each
    release may take orders just when it is there, and no upgrade restarts a database or Prometheus.

    The release's own Prometheus scrapes and evaluates all the while, with its rules, on a fast clock: no
    alert may fire, but of slowness where buyers did wait for too long. Then one
    worker is stalled, and an alert has to fire.

    src/docker/next-release builds both releases that follow the one of `./pants package src/docker::`.

    Exit status: 0 all is well, 1 something is not, 2 it could not be tried.
    """
    console = open_console(aside=in_json)
    with stopped_in_order(), local_store():
        check_engine()
        output = Output(aside=console.stderr)
        report = _run(Tags(before, after, broken), clock, rate, rest, calm, output, keep)
    if in_json:
        click.echo(_as_json(report))
    else:
        console.print(_table(report))
        _print_alerts(console, report)
        show(console, [report.verdict])
    raise SystemExit(0 if report.verdict.is_well else 1)


def _run(
    tags: Tags, clock: float, rate: float, rest: float, calm: float, output: Output, keep: bool
) -> UpgradeReport:
    with log_folder(output) as logs:
        with (
            Cluster(logs.path) as cluster,
            UpgradeTestbed(cluster, tags, clock, output.say) as testbed,
        ):
            report = run_upgrade(testbed, tags, rate, rest, calm, output.say)
        logs.is_kept = keep or not report.verdict.is_well
        return report


def _table(report: UpgradeReport) -> Table:
    table = Table("step", title="Orders taken meanwhile, by release")
    for name in ("seconds", PREVIOUS, NEXT):
        table.add_column(name, justify="right")
    for step in report.steps:
        placed = (f"{step.placed[release]:,}" for release in (PREVIOUS, NEXT))
        table.add_row(step.name, f"{step.seconds:.0f}", *placed)
    return table


def _print_alerts(console: Console, report: UpgradeReport) -> None:
    """Which alerts were pending, and which of those that fired were right to."""
    named = {
        "were pending": report.pending,
        "fired because buyers did wait (fewer of them: --rate)": report.borne_out,
    }
    for what, alerts in named.items():
        if alerts:
            console.print(f"Alerts that {what}: {', '.join(map(str, alerts))}", highlight=False)


def _as_json(report: UpgradeReport) -> str:
    fields = {**asdict(report.verdict), "well": report.verdict.is_well}
    fields["steps"] = [
        {"name": step.name, "seconds": step.seconds, "placed": dict(step.placed)}
        for step in report.steps
    ]
    fields |= {name: getattr(report, name) for name in ("fired", "pending", "borne_out")}
    return orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode()
