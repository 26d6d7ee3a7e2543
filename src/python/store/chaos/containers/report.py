"""The results of a run in containers, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from store.chaos.containers.usage import ReleaseUsage
from store.chaos.report import show as show_verdicts
from store.chaos.verdict import Verdict

MEBI = 2**20


def show(console: Console, verdict: Verdict, measured: ReleaseUsage | None) -> None:
    """A table of what happened, everything that is wrong, and what was used."""
    show_verdicts(console, [verdict])
    if measured:
        console.print(_table(measured))


def as_json(verdict: Verdict, measured: ReleaseUsage | None) -> str:
    """The same as JSON; memory in bytes, CPU in thousandths of one."""
    used = {**asdict(measured), "limit": measured.limit} if measured else None
    return json.dumps({**asdict(verdict), "well": verdict.is_well, "measured": used}, indent=2)


def _table(measured: ReleaseUsage) -> Table:
    table = Table(title="memory in MiB, CPU in thousandths")
    table.add_column("component")
    for name in ("pods", "requested", "limit", "idle", "loaded", "CPU idle", "CPU loaded"):
        table.add_column(name, justify="right")
    for row in measured.rows:
        memory = (row.requested, row.limit, row.idle, row.loaded)
        cpus = (f"{row.idle_cpu:.0f}", f"{row.loaded_cpu:.0f}")
        table.add_row(row.component, str(row.pods), *_mebi(memory), *cpus)
    rows = measured.rows
    requested = sum(row.requested * row.pods for row in rows)
    memory = (requested, measured.limit, measured.idle, measured.loaded)
    cpus = (f"{sum(r.idle_cpu for r in rows):.0f}", f"{sum(r.loaded_cpu for r in rows):.0f}")
    table.add_section()
    table.add_row("in all", str(sum(row.pods for row in rows)), *_mebi(memory), *cpus)
    return table


def _mebi(values: Sequence[int]) -> Sequence[str]:
    return [f"{value / MEBI:.0f}" for value in values]
