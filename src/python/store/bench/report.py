"""What `proof cost` found, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from store.bench.rounds import Cost, Range
from store.bench.scrape import Scrape


@dataclass(frozen=True)
class Machine:
    """What else is to be known about a measurement."""

    cpus: int
    apart: bool  # whether load and servers had a processor each
    load_before: float  # processes that wanted to run, in the minute before
    load_after: float


@dataclass(frozen=True)
class CostReport:
    """One run."""

    rounds: int
    seconds: float
    costs: Sequence[Cost]
    scrape: Scrape
    span_bytes: int
    machine: Machine


def show(console: Console, found: CostReport) -> None:
    """Two tables and what the machine was like."""
    console.print(_costs(found))
    console.print(_scrape(found.scrape))
    machine = found.machine
    processors = (
        "a processor each for load and servers" if machine.apart else "one processor for both"
    )
    console.print(
        f"{machine.cpus} processors, {processors}; load average {machine.load_before:.1f} before, "
        f"{machine.load_after:.1f} after (2 of it are this run's own)."
    )


def as_json(found: CostReport) -> str:
    """The same as JSON; times of a request in microseconds, of a scrape in milliseconds."""
    return json.dumps(asdict(found), indent=2)


def _costs(found: CostReport) -> Table:
    title = f"Cost of instrumentation ({found.rounds} rounds of {found.seconds:g} s each)"
    table = Table("variant", title=title)
    for name in ("requests/s", "us of CPU", "throughput", "(least-most)", "by CPU", "(least-most)"):
        table.add_column(name, justify="right")
    for cost in found.costs:
        table.add_row(
            cost.variant.name,
            f"{cost.rate.median:,.0f}",
            f"{cost.cpu_micros.median:,.1f}",
            *_shares(cost.throughput),
            *_shares(cost.cpu_share),
        )
    return table


def _shares(share: Range) -> tuple[str, str]:
    return f"{share.median:.3f}", f"{share.least:.2f}-{share.most:.2f}"


def _scrape(scrape: Scrape) -> Table:
    table = Table(title="One scrape")
    for name in ("series", "bytes", "ms", "(least-most)", "ms of CPU"):
        table.add_column(name, justify="right")
    took = scrape.millis
    table.add_row(
        f"{scrape.series:,}",
        f"{scrape.size:,}",
        f"{took.median:.1f}",
        f"{took.least:.1f}-{took.most:.1f}",
        f"{scrape.cpu_millis.median:.1f}",
    )
    return table
