"""`proof upgrade`: from one release to the next and back, in containers, while buyers come and go."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from rich.table import Table

from store.local.output import Output
from store.proof.console import open_console
from store.proof.containers.cluster import Cluster
from store.proof.containers.docker import check_engine
from store.proof.containers.upgrade import Step, Tags, UpgradeGround, upgrading
from store.proof.containers.upgrade_orders import NEXT, PREVIOUS
from store.proof.errors import local_store
from store.proof.faults.report import show
from store.proof.faults.verdict import Verdict
from store.proof.stopping import stopped_in_order


@click.command()
@click.option("--from", "before", default="dev", show_default=True,
              help="The tag of the images of the release before.")  # fmt: skip
@click.option("--to", "after", default="next", show_default=True,
              help="Of the next one.")  # fmt: skip
@click.option("--broken", default="broken", show_default=True,
              help="Of one whose migration fails.")  # fmt: skip
@click.option("--rate", default=3.0, show_default=True, type=click.FloatRange(0.1, 100),
              help="Journeys that begin a second.")  # fmt: skip
@click.option("--rest", default=6.0, show_default=True, type=click.FloatRange(1),
              help="Seconds that each release serves between two changes.")  # fmt: skip
@click.option("--calm", default=60.0, show_default=True, type=click.FloatRange(1),
              help="Seconds after the last buyer until everything must be at rest.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--keep", is_flag=True, help="Keep the logs also when all went well.")
def upgrade(
    before: str,
    after: str,
    broken: str,
    rate: float,
    rest: float,
    calm: float,
    in_json: bool,
    keep: bool,
) -> None:
    """Upgrade a release under load, roll it back, and upgrade it again.

    The chart is rendered and runs in containers, as in `proof containers`. What helm and Kubernetes do
    with another revision is done to it: first the hooks, which migrate; then every workload at once
    gets new pods, each old one leaving when a new one is ready. Buyers come all the while and try
    again what fails. One upgrade in between has a migration that fails and must change nothing.

    No buyer may see a failure, nothing may be lost or doubled, every event must be delivered, and each
    release must take orders just when it is there.

    src/docker/next-release builds both releases that follow the one of `./pants package src/docker::`.

    Exit status: 0 all is well, 1 something is not, 2 it could not be tried.
    """
    console = open_console(aside=in_json)
    with stopped_in_order(), local_store():
        check_engine()
        output = Output(aside=console.stderr)
        verdict, steps = _tried(Tags(before, after, broken), rate, rest, calm, output, keep)
    if in_json:
        click.echo(_as_json(verdict, steps))
    else:
        console.print(_table(steps))
        show(console, [verdict])
    raise SystemExit(0 if verdict.is_well else 1)


def _tried(
    tags: Tags, rate: float, rest: float, calm: float, output: Output, keep: bool
) -> tuple[Verdict, Sequence[Step]]:
    folder, is_well = Path(tempfile.mkdtemp(prefix="proof-")), False
    try:
        with Cluster(folder) as cluster, UpgradeGround(cluster, tags, output.say) as ground:
            verdict, steps = upgrading(ground, tags, rate, rest, calm, output.say)
        is_well = verdict.is_well
        return verdict, steps
    finally:
        if is_well and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            output.say(f"what each pod said is in {folder}")


def _table(steps: Sequence[Step]) -> Table:
    table = Table("step", title="Orders taken meanwhile, by release")
    for name in ("seconds", PREVIOUS, NEXT):
        table.add_column(name, justify="right")
    for step in steps:
        placed = (f"{step.placed[release]:,}" for release in (PREVIOUS, NEXT))
        table.add_row(step.name, f"{step.seconds:.0f}", *placed)
    return table


def _as_json(verdict: Verdict, steps: Sequence[Step]) -> str:
    told = {**asdict(verdict), "well": verdict.is_well}
    told["steps"] = [
        {"name": step.name, "seconds": step.seconds, "placed": dict(step.placed)} for step in steps
    ]
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
