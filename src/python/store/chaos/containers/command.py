"""`proof containers`: the whole release from its images in containers, and faults in it."""

import time

import click
from rich.console import Console

from store.chaos.command import shown_progress
from store.chaos.containers.cluster import Cluster
from store.chaos.containers.docker import check_engine
from store.chaos.containers.log_folder import log_folder
from store.chaos.containers.report import as_json, show
from store.chaos.containers.testbed import ContainerTestbed
from store.chaos.containers.trial import ContainerTrial, TrialPlan
from store.chaos.containers.usage import ReleaseUsage
from store.chaos.storms import StormSize
from store.chaos.verdict import Verdict
from store.cli.console import open_console
from store.cli.errors import local_store
from store.cli.interrupts import stopped_in_order
from store.devstack.output import Output

IDLE_SECONDS = 30.0


@click.command()
@click.option("--tag", default="dev", show_default=True, help="Tag of the images.")
@click.option("--seed", default=1, show_default=True, help="Seed of the buyers and of the storm.")
@click.option("--journeys", default=60, show_default=True, type=click.IntRange(1),
              help="Customer journeys.")  # fmt: skip
@click.option("--rate", default=3.0, show_default=True, type=click.FloatRange(0.1, 100),
              help="Journeys that begin a second.")  # fmt: skip
@click.option("--kills", default=10, show_default=True, type=click.IntRange(0),
              help="Containers killed during the journeys.")  # fmt: skip
@click.option("--calm", default=60.0, show_default=True, type=click.FloatRange(1),
              help="Seconds after the last fault until nothing may be left to do.")  # fmt: skip
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
    """Run the whole release from its images in containers, and inject faults.

    The chart is rendered, and every pod of it runs as a container of its own on one network: with the
    chart's arguments, environment, secrets, volumes, users, limits and probes. Jobs run first, then the
    chart's test places an order; buyers come while containers of all kinds are killed, stalled and
    restarted, PostgreSQL's too; every CronJob runs once. In the end nothing may be lost, `proof audit`
    finds nothing, and no pod has opened a connection that the NetworkPolicies forbid.

    It needs Docker and helm, and the images: ./pants package src/docker::

    Exit status: 0 all is well, 1 something is not, 2 it could not be tried.
    """
    size = StormSize(journeys, rate, kills, calm)
    plan = TrialPlan(seed, size, IDLE_SECONDS if measure else 0.0)
    console = open_console(aside=in_json)
    with stopped_in_order(), local_store():
        check_engine()
        verdict, measured = _run(tag, plan, console, keep)
    if in_json:
        click.echo(as_json(verdict, measured))
    else:
        show(console, verdict, measured)
    raise SystemExit(0 if verdict.is_well else 1)


def _run(
    tag: str, plan: TrialPlan, console: Console, keep: bool
) -> tuple[Verdict, ReleaseUsage | None]:
    output = Output(aside=console.stderr)
    with log_folder(output) as logs:
        with Cluster(logs.path) as cluster:
            began = time.monotonic()
            with ContainerTestbed(cluster, tag, output.say) as testbed:
                output.say(f"the release is ready after {time.monotonic() - began:.1f} s")
                trial = ContainerTrial(cluster, testbed, output.say)
                title = f"storm, seed {plan.seed}"
                with shown_progress(console, title, plan.size.journeys) as show_progress:
                    verdict = trial.run(plan, show_progress)
        logs.is_kept = keep or not verdict.is_well
        return verdict, trial.measured
