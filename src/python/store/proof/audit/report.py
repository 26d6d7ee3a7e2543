"""What an audit says, for people and for programs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from operator import attrgetter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from store.proof.audit.findings import Tally
from store.proof.audit.totals import Total, Totals

MONEY: Sequence[tuple[str, Callable[[Total], int]]] = (
    ("orders sold", attrgetter("orders")),
    ("their totals", attrgetter("sold")),
    ("captured", attrgetter("captured")),
    ("given back, since the order came to nothing", attrgetter("given_back")),
    ("kept: to equal the totals", attrgetter("kept")),
    ("refunded to buyers of sold orders", attrgetter("refunded")),
)
SHOWN = 20  # findings printed of each check; --json has more of them


def show(console: Console, tallies: Sequence[Tally], totals: Totals, not_judged: int) -> None:
    """The table of checks, the money, and every finding explained."""
    console.print(_checks(tallies))
    console.print(_money(totals))
    if not_judged:
        console.print(f"{not_judged:,} orders changed a moment ago and were not judged.")
    for tally in tallies:
        _explain(console, tally)


def _checks(tallies: Sequence[Tally]) -> Table:
    table = Table("check", title="Audit")
    for name in ("looked at", "findings"):
        table.add_column(name, justify="right")
    for tally in tallies:
        found = f"[bold red]{tally.found:,}[/]" if tally.found else "0"
        table.add_row(tally.name, f"{tally.counted:,}", found)
    table.add_section()
    total = sum(tally.found for tally in tallies)
    table.add_row("all", "", f"[bold red]{total:,}[/]" if total else "[bold green]0[/]")
    return table


def _money(totals: Totals) -> Table:
    table = Table("money, in minor units")
    ordered = [total for _, total in sorted(totals.by_currency.items())]
    for currency in sorted(totals.by_currency):
        table.add_column(currency, justify="right")
    for title, fact in MONEY:
        table.add_row(title, *(f"{fact(total):,}" for total in ordered))
    return table


def _explain(console: Console, tally: Tally) -> None:
    if not tally.found:
        return
    console.print(f"\n[bold]{tally.name}[/]: {tally.found:,} found")
    for finding in tally.findings[:SHOWN]:
        console.print(f"  {escape(finding.subject)}", highlight=False)
        console.print(f"    expected  {escape(finding.expected)}", highlight=False)
        console.print(f"    found     {escape(finding.found)}", highlight=False)
    if tally.found > SHOWN:
        console.print(f"  and {tally.found - SHOWN:,} more")


def as_json(tallies: Sequence[Tally], totals: Totals, not_judged: int) -> str:
    """The same as one JSON document."""
    report = {
        "findings": sum(tally.found for tally in tallies),
        "not_judged": not_judged,
        "checks": [asdict(tally) for tally in tallies],
        "money": {
            currency: {**asdict(total), "kept": total.kept}
            for currency, total in sorted(totals.by_currency.items())
        },
    }
    return json.dumps(report, indent=2)
