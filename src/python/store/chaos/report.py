"""What the scenarios came to, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from store.chaos.verdict import Verdict

SHOWN = 20  # wrongs printed of each run; --json has all of them


def show(console: Console, verdicts: Sequence[Verdict]) -> None:
    """A table for each scenario, and everything that is wrong."""
    for scenario, runs in groupby(verdicts, key=attrgetter("scenario")):
        console.print(_table(scenario, [*runs]))
    for verdict in verdicts:
        _explain(console, verdict)


def as_json(verdicts: Sequence[Verdict]) -> str:
    """The same as JSON."""
    return json.dumps([{**asdict(each), "well": each.is_well} for each in verdicts], indent=2)


def _table(scenario: str, runs: Sequence[Verdict]) -> Table:
    table = Table(title=scenario)
    for name in runs[0].facts:
        table.add_column(name, justify="right")
    table.add_column("wrong", justify="right")
    for run in runs:
        wrong = "[bold green]0[/]" if run.is_well else f"[bold red]{len(run.wrongs):,}[/]"
        table.add_row(*run.facts.values(), wrong)
    return table


def _explain(console: Console, verdict: Verdict) -> None:
    if verdict.is_well:
        return
    console.print(f"\n[bold red]{verdict.scenario}[/] {', '.join(verdict.facts.values())}")
    for wrong in verdict.wrongs[:SHOWN]:
        console.print(f"  {escape(wrong)}", highlight=False, soft_wrap=True)
    if len(verdict.wrongs) > SHOWN:
        console.print(f"  and {len(verdict.wrongs) - SHOWN:,} more")
