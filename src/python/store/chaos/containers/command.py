"""`proof containers`: the whole release from its images in containers, and a storm over it."""

import shutil
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from store.chaos.command import journeys_shown
from store.chaos.containers.cluster import Cluster
from store.chaos.containers.docker import check_engine
from store.chaos.containers.report import as_json, show
from store.chaos.containers.testbed import ContainerGround
from store.chaos.containers.trial import Trying, Wanted
from store.chaos.containers.usage import Measured
from store.chaos.storms import Size
from store.chaos.verdict import Verdict
from store.cli.errors import local_store
from store.cli.interrupts import stopped_in_order
from store.devstack.console import open_console
from store.devstack.output import Output

IDLE_SECONDS = 30.0


@click.command()
@click.option("--tag", default="dev", show_default=True, help="Of the images.")
@click.option("--seed", default=1, show_default=True, help="Of the buyers and of the storm.")
@click.option("--journeys", default=60, show_default=True, type=click.IntRange(1),
              help="Customer journeys.")  # fmt: skip
@click.option("--rate", default=3.0, show_default=True, type=click.FloatRange(0.1, 100),
              help="Journeys that begin a second.")  # fmt: skip
@click.option("--kills", default=10, show_default=True, type=click.IntRange(0),
              help="Containers killed during the journeys.")  # fmt: skip
@click.option("--calm", default=60.0, show_default=True, type=click.FloatRange(1),
              help="Seconds after the last fault until everything must be at rest.")  # fmt: skip
@click.option("--measure", is_flag=True,
              help="First measure what every pod uses at rest and under these journeys.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--keep", is_flag=True, help="Keep the logs also when all went well.")
def containers(
    tag: str,
    seed: int,
    journeys: int,
    rate: float,
    kills: int,
    calm: float,
    measure: bool,
    in_json: bool,
    keep: bool,
) -> None:
    """Run the whole release from its images in containers, and break it.

    The chart is rendered, and every pod of it runs as a container of its own on one network: with the
    chart's arguments, environment, secrets, volumes, users, limits and probes. Jobs run first, then the
    chart's test places an order; buyers come while containers of all kinds are killed, stalled and
    restarted, PostgreSQL's too; every CronJob runs once. In the end nothing may be lost, `proof audit`
    finds nothing, and nobody has talked to anybody whom the NetworkPolicies would have kept away.

    It needs Docker and helm, and the images: ./pants package src/docker::

    Exit status: 0 all is well, 1 something is not, 2 it could not be tried.
    """
    size = Size(journeys, rate, kills, calm)
    wanted = Wanted(seed, size, IDLE_SECONDS if measure else 0.0)
    console = open_console(aside=in_json)
    with stopped_in_order(), local_store():
        check_engine()
        verdict, measured = _tried(tag, wanted, console, keep)
    if in_json:
        click.echo(as_json(verdict, measured))
    else:
        show(console, verdict, measured)
    raise SystemExit(0 if verdict.is_well else 1)


def _tried(
    tag: str, wanted: Wanted, console: Console, keep: bool
) -> tuple[Verdict, Measured | None]:
    folder, output = Path(tempfile.mkdtemp(prefix="proof-")), Output(aside=console.stderr)
    is_well = False
    try:
        with Cluster(folder) as cluster:
            began = time.monotonic()
            with ContainerGround(cluster, tag, output.say) as ground:
                output.say(f"the release is ready after {time.monotonic() - began:.1f} s")
                trying = Trying(cluster, ground, output.say)
                title = f"storm, seed {wanted.seed}"
                with journeys_shown(console, title, wanted.size.journeys) as shown:
                    verdict = trying.run(wanted, shown)
        is_well = verdict.is_well
        return verdict, trying.measured
    finally:
        if is_well and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            output.say(f"what each pod said is in {folder}")
