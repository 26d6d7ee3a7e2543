"""The tables at the end of a replay."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from store.cli.figures import milliseconds, outcomes_table, percentile
from store.loadtest.replay.invoices import Invoices
from store.loadtest.replay.journal import OrderOutcome


@dataclass(frozen=True)
class Run:
    """What one run of a replay did."""

    outcomes: Sequence[OrderOutcome]
    seconds: float


def show(console: Console, invoices: Invoices, known: Iterable[OrderOutcome], run: Run) -> None:
    """Outcomes of all runs, what was left out of the file, and the speed of this run."""
    ended = Counter((outcome.state, outcome.reason) for outcome in known)
    console.print(outcomes_table("Orders", "outcome", ended))
    if invoices.skipped_orders or invoices.skipped_lines:
        console.print(_left_out(invoices))
    if run.outcomes:
        console.print(_speed(run))


def _left_out(invoices: Invoices) -> Table:
    table = Table("what", "reason", title="Left out of the file")
    table.add_column("number", justify="right")
    for what, counts in (("order", invoices.skipped_orders), ("line", invoices.skipped_lines)):
        for reason, number in counts.most_common():
            table.add_row(what, reason, f"{number:,}")
    return table


def _speed(run: Run) -> Table:
    seconds = sorted(outcome.seconds for outcome in run.outcomes)
    again = sum(outcome.attempts - 1 for outcome in run.outcomes)
    table = Table(
        "orders", "orders/s", "p50", "p95", "p99", "max", "repeated", title="Placing, this run"
    )
    table.add_row(
        f"{len(seconds):,}",
        f"{len(seconds) / run.seconds:.1f}",
        *(milliseconds(percentile(seconds, share)) for share in (0.50, 0.95, 0.99, 1.0)),
        f"{again:,}",
    )
    return table
