"""`proof faults`: break a store of our own in every way, and see whether anything is lost."""

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
from store.chaos.own_testbed import APIS, WORKERS, OwnGround
from store.chaos.proxies.points import POINTS
from store.chaos.report import as_json, show
from store.chaos.rush import rush
from store.chaos.storms import Size
from store.chaos.trial import Shown
from store.chaos.verdict import Verdict
from store.cli.errors import local_store
from store.cli.interrupts import stopped_in_order
from store.devstack.console import open_console
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.devstack.progress import progress
from store.loadtest.load.recorder import Recorder


class Scenario(StrEnum):
    """Ways to break it."""

    STORM = "storm"
    STEPS = "steps"
    RUSH = "rush"
    LOST_ANSWERS = "lost-answers"
    ROLLING = "rolling"


@dataclass(frozen=True)
class Wanted:
    """What is to be done."""

    scenarios: Sequence[Scenario]
    seeds: Sequence[int]
    size: Size
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
              help="Seconds after the last fault until everything must be at rest.")  # fmt: skip
@click.option("--buyers", default=500, show_default=True, type=click.IntRange(1),
              help="Of a rush.")  # fmt: skip
@click.option("--units", default=100, show_default=True, type=click.IntRange(0),
              help="That they rush for.")  # fmt: skip
@click.option("--tries", default=50, show_default=True, type=click.IntRange(1),
              help="Answers to lose.")  # fmt: skip
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
    """Break a store in every way, and see whether anything is lost or doubled.

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
    size = Size(journeys, rate, kills, calm)
    chosen = [Scenario(each) for each in scenarios] or [Scenario.STORM]
    wanted = Wanted(chosen, range(seed, seed + seeds), size, at, buyers, units, tries)
    console = open_console(aside=in_json)
    with stopped_in_order(), local_store():
        verdicts = _broken(wanted, console, keep)
    if in_json:
        click.echo(as_json(verdicts))
    else:
        show(console, verdicts)
    raise SystemExit(0 if all(verdict.is_well for verdict in verdicts) else 1)


def _broken(wanted: Wanted, console: Console, keep: bool) -> Sequence[Verdict]:
    folder = Path(tempfile.mkdtemp(prefix="proof-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    with OwnGround(folder, free_base(APIS, WORKERS), Output(aside=console.stderr)) as ground:
        verdicts = [*_until_wrong(_runs(ground, wanted, console), console)]
        if keep or not verdicts[-1].is_well:
            ground.store.keep = True
            console.print(f"The store's data and logs are kept in {folder}.")
    return verdicts


def _until_wrong(runs: Iterator[Verdict], console: Console) -> Iterator[Verdict]:
    for verdict in runs:
        facts = ", ".join(f"{name} {fact}" for name, fact in verdict.facts.items())
        ending = "all is well" if verdict.is_well else f"{len(verdict.wrongs):,} wrong"
        console.print(f"{verdict.scenario}: {facts}: {ending}", highlight=False)
        yield verdict
        if not verdict.is_well:
            return


def _runs(ground: OwnGround, wanted: Wanted, console: Console) -> Iterator[Verdict]:
    for scenario in wanted.scenarios:
        if scenario is Scenario.LOST_ANSWERS:
            console.print(f"{scenario}: {wanted.tries} tries")
            yield from lost_answers(ground, wanted.tries)
            continue
        for number in wanted.seeds:
            yield _run(ground, scenario, number, wanted, console)


def _run(
    ground: OwnGround, scenario: Scenario, seed: int, wanted: Wanted, console: Console
) -> Verdict:
    size = wanted.size
    if scenario is Scenario.RUSH:
        console.print(f"{scenario}, seed {seed}: {wanted.buyers} buyers of {wanted.units} units")
        return rush(ground, seed, wanted.buyers, wanted.units)
    with journeys_shown(console, f"{scenario}, seed {seed}", size.journeys) as shown:
        match scenario:
            case Scenario.STORM:
                return storms.storm(ground, seed, size, wanted.at, shown)
            case Scenario.STEPS:
                return storms.steps(ground, seed, size, shown)
            case _:
                return storms.rolling(ground, seed, size, shown)


@contextmanager
def journeys_shown(console: Console, title: str, journeys: int) -> Iterator[Shown]:
    """What shows how far the journeys of a trial are."""
    with progress(console, title, journeys) as bar:

        def shown(recorder: Recorder) -> None:
            running = recorder.started - recorder.finished
            bar.reach(recorder.finished, f"{running:,} under way")

        yield shown
