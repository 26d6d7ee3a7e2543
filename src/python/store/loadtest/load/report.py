"""What a load says in the end, for people and for programs."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from store.cli.figures import milliseconds, outcomes_table, percentile
from store.loadtest.load.plan import Plan
from store.loadtest.load.recorder import Action, ActionTimings, Recorder

SHARES: Mapping[str, float] = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}


def show(console: Console, plan: Plan, recorder: Recorder) -> None:
    """How fast it was, how the orders ended, and every failure that somebody saw."""
    console.print(_actions(recorder))
    title = "What buyers were last told about their orders"
    console.print(outcomes_table(title, "state", _orders(recorder)))
    if recorder.failures:
        console.print(_failures(recorder))
    # What was reached, and whether the load itself kept its times.
    console.print(
        f"{recorder.finished:,} journeys in {recorder.seconds:.0f} s, seed {plan.seed}: "
        f"{recorder.rate:.1f} began a second ({plan.rate:g} wanted), {recorder.late:,} of them late "
        f"(at most {milliseconds(recorder.latest_start)}); {recorder.failures.total():,} failures",
        highlight=False,
    )


def as_json(plan: Plan, recorder: Recorder) -> str:
    """The same as JSON; times are in seconds."""
    return json.dumps(
        {
            "seed": plan.seed,
            "seconds": recorder.seconds,
            "journeys": recorder.finished,
            "journeys_per_second": {"wanted": plan.rate, "reached": recorder.rate},
            "late_starts": recorder.late,
            "latest_start": recorder.latest_start,
            "actions": {
                action: _facts(each, recorder.seconds) for action, each in recorder.measured.items()
            },
            "orders": [
                {"state": state, "reason": reason, "number": number}
                for (state, reason), number in _orders(recorder).most_common()
            ],
            "failures": [
                {"action": action, "what": what, "number": number}
                for (action, what), number in recorder.failures.most_common()
            ],
        },
        indent=2,
    )


def _facts(measured: ActionTimings, seconds: float) -> Mapping[str, Any]:
    ordered = sorted(measured.seconds)
    return {
        "number": len(ordered),
        "per_second": len(ordered) / seconds,
        **{name: percentile(ordered, share) for name, share in SHARES.items()},
        "retries": measured.retries,
        "outcomes": dict(measured.outcomes.most_common()),
    }


def _actions(recorder: Recorder) -> Table:
    table = Table("action", title="What people did, timed from when it was due")
    for name in ("number", "per s", *SHARES, "repeated"):
        table.add_column(name, justify="right")
    table.add_column("outcomes")
    measured = recorder.measured
    for action in (each for each in Action if each in measured):
        facts = _facts(measured[action], recorder.seconds)
        table.add_row(
            action,
            f"{facts['number']:,}",
            f"{facts['per_second']:.1f}",
            *(milliseconds(facts[name]) for name in SHARES),
            f"{facts['retries']:,}",
            ", ".join(f"{number:,} {outcome}" for outcome, number in facts["outcomes"].items()),
        )
    return table


def _failures(recorder: Recorder) -> Table:
    table = Table("action", "what was seen", title="[bold red]Failures[/]")
    table.add_column("number", justify="right")
    for (action, what), number in recorder.failures.most_common():
        table.add_row(action, escape(what), f"{number:,}")
    return table


def _orders(recorder: Recorder) -> Counter[tuple[str, str]]:
    return Counter((promise.seen_state, promise.reason) for promise in recorder.promises)
