"""`proof faults`: inject faults into a store of our own, and see whether anything is lost."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click
from rich.console import Console

from store.chaos import storms
from store.chaos.lost_answers import lost_answers
from store.chaos.own_testbed import APIS, WORKERS, OwnTestbed
from store.chaos.proxies.points import POINTS
from store.chaos.report import as_json, show
from store.chaos.rush import rush
from store.chaos.storms import StormSize
from store.chaos.trial import ShowProgress
from store.chaos.verdict import Verdict
from store.cli.console import open_console
from store.cli.errors import local_store
from store.cli.interrupts import stopped_in_order
from store.cli.progress import progress
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.loadtest.load.recorder import Recorder


class Scenario(StrEnum):
    STORM = "storm"
    STEPS = "steps"
    RUSH = "rush"
    LOST_ANSWERS = "lost-answers"
    ROLLING = "rolling"


@dataclass(frozen=True)
class FaultRun:
    """The options of the command."""

    scenarios: Sequence[Scenario]
    seeds: Sequence[int]
    size: StormSize
    at: Sequence[str]
    buyers: int
    units: int
    tries: int


@click.command()
@click.argument("scenarios", nargs=-1, type=click.Choice([str(each) for each in Scenario]))
@click.option("--seed", default=1, show_default=True, help="The first seed.")
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1),
              help="How many seeds, one after the other.")  # fmt: skip
@click.option("--journeys", default=300, show_default=True, type=click.IntRange(1),
              help="Customer journeys of each seed.")  # fmt: skip
@click.option("--rate", default=6.0, show_default=True, type=click.FloatRange(0.1, 100),
              help="Journeys that begin a second.")  # fmt: skip
@click.option("--kills", default=30, show_default=True, type=click.IntRange(0),
              help="kill -9 during the journeys of each seed.")  # fmt: skip
@click.option("--at", multiple=True, type=click.Choice(POINTS), metavar="POINT",
              help=f"Kill exactly here, and not at random: {', '.join(POINTS)}.")  # fmt: skip
@click.option("--calm", default=60.0, show_default=True, type=click.FloatRange(1),
              help="Seconds after the last fault until nothing may be left to do.")  # fmt: skip
@click.option("--buyers", default=500, show_default=True, type=click.IntRange(1),
              help="Buyers of a rush.")  # fmt: skip
@click.option("--units", default=100, show_default=True, type=click.IntRange(0),
              help="Units that they rush for.")  # fmt: skip
@click.option("--tries", default=50, show_default=True, type=click.IntRange(1),
              help="Answers that are lost.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--keep", is_flag=True, help="Keep the store's folder also when all went well.")
def faults(
    scenarios: Sequence[str],
    seed: int,
    seeds: int,
    journeys: int,
    rate: float,
    kills: int,
    at: Sequence[str],
    calm: float,
    buyers: int,
    units: int,
    tries: int,
    in_json: bool,
    keep: bool,
) -> None:
    """Inject faults into a store, and see whether anything is lost or doubled.

    The store is one of our own, started for this in a new folder and removed afterwards: three
    orders APIs, two workers, and all the rest. It is stopped at the first scenario that goes wrong,
    and its folder is kept then.

    \b
    storm         customer journeys while processes and PostgreSQL are killed, stalled and
                  restarted, and the gateway misbehaves (the default)
    steps         the same, with a kill -9 exactly at each named point
    rush          many buyers of few units of one SKU, all at once
    lost-answers  the API dies after it took an order, before the buyer hears of it
    rolling       every process restarts in order while buyers come and go

    Exit status: 0 all is well, 1 something is not, 2 it could not be tried.
    """
    size = StormSize(journeys, rate, kills, calm)
    chosen = [Scenario(each) for each in scenarios] or [Scenario.STORM]
    run = FaultRun(chosen, range(seed, seed + seeds), size, at, buyers, units, tries)
    console = open_console(aside=in_json)
    with stopped_in_order(), local_store():
        verdicts = _run_all(run, console, keep)
    if in_json:
        click.echo(as_json(verdicts))
    else:
        show(console, verdicts)
    raise SystemExit(0 if all(verdict.is_well for verdict in verdicts) else 1)


def _run_all(run: FaultRun, console: Console, keep: bool) -> Sequence[Verdict]:
    """The verdicts up to the first that is not well, or all of them."""
    folder = Path(tempfile.mkdtemp(prefix="proof-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    verdicts: list[Verdict] = []
    with OwnTestbed(folder, free_base(APIS, WORKERS), Output(aside=console.stderr)) as testbed:
        for verdict in _verdicts(testbed, run, console):
            verdicts.append(verdict)
            facts = ", ".join(f"{name} {fact}" for name, fact in verdict.facts.items())
            ending = "all is well" if verdict.is_well else f"{len(verdict.wrongs):,} wrong"
            console.print(f"{verdict.scenario}: {facts}: {ending}", highlight=False)
            if not verdict.is_well:
                break
        if keep or not verdicts[-1].is_well:
            testbed.store.keep = True
            console.print(f"The store's data and logs are kept in {folder}.")
    return verdicts


def _verdicts(testbed: OwnTestbed, run: FaultRun, console: Console) -> Iterator[Verdict]:
    for scenario in run.scenarios:
        if scenario is Scenario.LOST_ANSWERS:
            console.print(f"{scenario}: {run.tries} tries")
            yield from lost_answers(testbed, run.tries)
            continue
        for seed in run.seeds:
            yield _verdict(testbed, scenario, seed, run, console)


def _verdict(
    testbed: OwnTestbed, scenario: Scenario, seed: int, run: FaultRun, console: Console
) -> Verdict:
    size = run.size
    if scenario is Scenario.RUSH:
        console.print(f"{scenario}, seed {seed}: {run.buyers} buyers of {run.units} units")
        return rush(testbed, seed, run.buyers, run.units)
    with shown_progress(console, f"{scenario}, seed {seed}", size.journeys) as show_progress:
        match scenario:
            case Scenario.STORM:
                return storms.storm(testbed, seed, size, run.at, show_progress)
            case Scenario.STEPS:
                return storms.steps(testbed, seed, size, show_progress)
            case _:
                return storms.rolling(testbed, seed, size, show_progress)


@contextmanager
def shown_progress(console: Console, title: str, journeys: int) -> Iterator[ShowProgress]:
    """What shows how far the journeys of a trial are."""
    with progress(console, title, journeys) as bar:

        def show_progress(recorder: Recorder) -> None:
            running = recorder.started - recorder.finished
            bar.reach(recorder.finished, f"{running:,} under way")

        yield show_progress
