"""What the alarms came to, for people and for programs."""

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from store.chaos.alarms.alarms import Outcome
from store.chaos.alarms.plans import EXPECTED, Alarm


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """A table of what fired, and a sentence for everything that differs from what was expected."""
    table = Table("fault", "fired", "expected", title="Which alerts fire when")
    for name in ("fired after", "quiet after"):
        table.add_column(name, justify="right")
    for each in outcomes:
        table.add_row(
            str(each.fault),
            _lines(each.fired),
            _expected(each),
            f"{each.seconds_to_fire:.0f} s",
            f"{each.seconds_to_quiet:.0f} s",
        )
        table.add_section()
    console.print(table)
    for each in outcomes:
        for wrong in wrongs(each):
            console.print(f"[bold red]{each.fault}[/]: {wrong}", highlight=False, soft_wrap=True)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """The same as JSON."""
    return json.dumps([_fields(each) for each in outcomes], indent=2)


def wrongs(outcome: Outcome) -> list[str]:
    """A sentence for each alarm that should have fired, should not have, or does not stop."""
    reasons = {each.alarm: each.because for each in EXPECTED[outcome.fault]}
    return [
        *(f"{alarm} did not fire, although {reasons[alarm]}" for alarm in sorted(outcome.missing)),
        *(f"{alarm} fired for no reason" for alarm in sorted(outcome.uncalled_for)),
        *(f"{alarm} still fires after all was healed" for alarm in sorted(outcome.still_firing)),
    ]


def _fields(outcome: Outcome) -> dict[str, object]:
    return {
        "fault": outcome.fault,
        "fired": [*map(str, sorted(outcome.fired))],
        "expected": [f"{each.alarm}" for each in EXPECTED[outcome.fault] if not each.may],
        "possible": [f"{each.alarm}" for each in EXPECTED[outcome.fault] if each.may],
        "seconds_to_fire": round(outcome.seconds_to_fire, 1),
        "seconds_to_quiet": round(outcome.seconds_to_quiet, 1),
        "wrongs": wrongs(outcome),
        "well": outcome.is_well,
    }


def _expected(outcome: Outcome) -> str:
    expected = sorted(EXPECTED[outcome.fault], key=lambda each: (each.may, each.alarm))
    lines = [f"perhaps {each.alarm}" if each.may else str(each.alarm) for each in expected]
    return "\n".join(lines) or "nothing"


def _lines(alarms: Iterable[Alarm]) -> str:
    return "\n".join(map(str, sorted(alarms))) or "nothing"
