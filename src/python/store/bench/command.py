"""`./pants proof cost`: what instrumentation costs on a bare route, side by side in one run."""

import os
import tempfile
from pathlib import Path

import click
from rich.console import Console

from store.bench.cpu import apart
from store.bench.report import CostReport, Machine, as_json, show
from store.bench.rounds import costs
from store.bench.scrape import scrape
from store.bench.servers import servers
from store.bench.sink import Sink
from store.bench.variants import VARIANTS, WHOLE
from store.cli.console import open_console
from store.cli.progress import progress


@click.command()
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1, 1000),
              help="How often each variant has its turn.")  # fmt: skip
@click.option("--seconds", default=0.5, show_default=True, type=click.FloatRange(0.01, 60),
              help="How long one turn is.")  # fmt: skip
@click.option("--connections", default=16, show_default=True, type=click.IntRange(1, 256),
              help="How many ask at the same time.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
def cost(rounds: int, seconds: float, connections: int, in_json: bool) -> None:
    """Measure what metrics, logs and traces cost a route that does nothing else.

    One process for each variant, from Flask alone to all that a service has, with traces off, sampled
    and all recorded. They take turns; each is compared with the bare one of the same round.

    Needs no store. Other work on the machine makes it noisy: then believe the processor time.
    """
    found = _found(rounds, seconds, connections, open_console(aside=in_json))
    if in_json:
        click.echo(as_json(found))
    else:
        show(open_console(), found)


def _found(rounds: int, seconds: float, connections: int, console: Console) -> CostReport:
    before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="cost-", dir="/tmp") as folder,
        Sink() as sink,
        servers(VARIANTS, Path(folder), sink.url) as served,
        apart() as alone,
    ):
        with progress(console, "Rounds", rounds) as shown:
            compared = costs(served, rounds, seconds, connections, shown.reach)
        page = scrape(next(each for each in served if each.variant is WHOLE))
    machine = Machine(os.cpu_count() or 1, alone, before, os.getloadavg()[0])
    return CostReport(rounds, seconds, compared, page, sink.taken, machine)
