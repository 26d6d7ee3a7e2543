"""What an audit says, for people and for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from store.audit.audit import Result
from store.audit.checks.findings import Finding, Tally
from store.audit.checks.totals import Total, Totals
from store.audit.repair import Repair

MONEY: Sequence[tuple[str, Callable[[Total], int]]] = (
    ("orders sold", attrgetter("orders")),
    ("their totals", attrgetter("sold")),
    ("captured", attrgetter("captured")),
    ("given back, since nothing was sold for it", attrgetter("given_back")),
    ("kept: to equal the totals", attrgetter("kept")),
    ("refunded to buyers of sold orders", attrgetter("refunded")),
)
SHOWN = 20  # findings printed of each check; --json has more of them


def show(console: Console, result: Result) -> None:
    """The table of checks, the money, and every finding explained."""
    console.print(_checks(result.tallies))
    console.print(_money(result.totals))
    if result.not_judged:
        console.print(f"{result.not_judged:,} orders changed a moment ago and were not judged.")
    for tally in result.tallies:
        _explain(console, tally)


def show_repair(console: Console, repair: Repair) -> None:
    """What came of one proposal."""
    mark = "[green]done[/]" if repair.done else "[yellow]left[/]"
    line = f"{escape(repair.proposal.does)}: {escape(repair.outcome)}"
    console.print(f"{mark}  {line}", highlight=False)


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
    console.print(f"\n[bold]{tally.name}[/]: {tally.found:,} found", highlight=False)
    console.print(tally.means, highlight=False)
    for finding in tally.findings[:SHOWN]:
        console.print(f"  {escape(finding.subject)}", highlight=False)
        for title, text in _lines(finding):
            console.print(f"    {title:<10}{escape(text)}", highlight=False)
    if tally.found > SHOWN:
        console.print(f"  and {tally.found - SHOWN:,} more")


def _lines(finding: Finding) -> Iterable[tuple[str, str]]:
    yield "expected", finding.expected
    yield "found", finding.found
    for proposal in finding.proposals:
        yield "--repair", f"would {proposal.does}"
    if finding.person:
        yield "a person", finding.person


def as_json(result: Result, **more: Any) -> str:
    """The same as one JSON document, with what else there is to say."""
    return json.dumps({**report_of(result), **more}, indent=2)


def report_of(result: Result) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "findings": result.found,
        "not_judged": result.not_judged,
        "checks": [_check(tally) for tally in result.tallies],
        "money": {
            currency: {**asdict(total), "kept": total.kept}
            for currency, total in sorted(result.totals.by_currency.items())
        },
    }


def repair_of(repair: Repair) -> dict[str, Any]:
    """A repair as plain data."""
    return {
        "check": repair.proposal.check,
        "subject": repair.proposal.subject,
        "repair": repair.proposal.does,
        "done": repair.done,
        "outcome": repair.outcome,
    }


def _check(tally: Tally) -> dict[str, Any]:
    return {
        "name": tally.name,
        "means": tally.means,
        "counted": tally.counted,
        "found": tally.found,
        "findings": [_finding(finding) for finding in tally.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "expected": finding.expected,
        "found": finding.found,
        "repair": [proposal.does for proposal in finding.proposals],
        "person": finding.person or None,
    }
