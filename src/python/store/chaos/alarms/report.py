"""The results of the alarm trials, for people and for programs."""

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from store.chaos.alarms.alarms import AlarmResult
from store.chaos.alarms.plans import EXPECTED, Alarm


def show(console: Console, results: Sequence[AlarmResult]) -> None:
    """A table of what fired, and a sentence for everything that differs from what was expected."""
    table = Table("fault", "fired", "expected", title="Which alerts fire when")
    for name in ("fired after", "quiet after"):
        table.add_column(name, justify="right")
    for each in results:
        table.add_row(
            str(each.fault),
            _lines(each.fired),
            _expected(each),
            f"{each.seconds_to_fire:.0f} s",
            f"{each.seconds_to_quiet:.0f} s",
        )
        table.add_section()
    console.print(table)
    for each in results:
        for wrong in wrongs(each):
            console.print(f"[bold red]{each.fault}[/]: {wrong}", highlight=False, soft_wrap=True)


def as_json(results: Sequence[AlarmResult]) -> str:
    """The same as JSON."""
    return json.dumps([_fields(each) for each in results], indent=2)


def wrongs(result: AlarmResult) -> list[str]:
    """A sentence for each alarm that should have fired, should not have, or does not stop."""
    reasons = {each.alarm: each.because for each in EXPECTED[result.fault]}
    return [
        *(f"{alarm} did not fire, although {reasons[alarm]}" for alarm in sorted(result.missing)),
        *(f"{alarm} fired for no reason" for alarm in sorted(result.uncalled_for)),
        *(f"{alarm} still fires after all was healed" for alarm in sorted(result.still_firing)),
    ]


def _fields(result: AlarmResult) -> dict[str, object]:
    return {
        "fault": result.fault,
        "fired": [*map(str, sorted(result.fired))],
        "expected": [f"{each.alarm}" for each in EXPECTED[result.fault] if not each.may],
        "possible": [f"{each.alarm}" for each in EXPECTED[result.fault] if each.may],
        "seconds_to_fire": round(result.seconds_to_fire, 1),
        "seconds_to_quiet": round(result.seconds_to_quiet, 1),
        "wrongs": wrongs(result),
        "well": result.is_well,
    }


def _expected(result: AlarmResult) -> str:
    expected = sorted(EXPECTED[result.fault], key=lambda each: (each.may, each.alarm))
    lines = [f"perhaps {each.alarm}" if each.may else str(each.alarm) for each in expected]
    return "\n".join(lines) or "nothing"


def _lines(alarms: Iterable[Alarm]) -> str:
    return "\n".join(map(str, sorted(alarms))) or "nothing"
