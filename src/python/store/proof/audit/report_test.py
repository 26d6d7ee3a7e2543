import io
import json

from rich.console import Console

from store.proof.audit.findings import Difference, Tally
from store.proof.audit.report import as_json, show
from store.proof.audit.totals import Total, Totals


def some_totals() -> Totals:
    totals = Totals()
    totals.by_currency["EUR"] = Total(3, 1_234_567_890, 1_234_568_000, 110, 5)
    return totals


def a_finding() -> Tally:
    tally = Tally("a sold order was captured once, in full")
    tally.count("order 1", None)
    for number in range(2, 27):
        tally.count(f"order {number}", Difference("one capture of 2000 EUR", "[no capture]"))
    return tally


def shown(tally: Tally) -> str:
    console = Console(file=io.StringIO(), width=80)
    show(console, [tally], some_totals(), 7)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_finding_is_explained() -> None:
    said = shown(a_finding())
    assert "  order 2\n    expected  one capture of 2000 EUR\n    found     [no capture]\n" in said
    assert "and 5 more" in said


def test_large_sums_stay_whole_on_a_narrow_terminal() -> None:
    assert "1,234,567,890" in shown(Tally("nothing"))


def test_what_was_too_young_to_judge_is_said() -> None:
    assert "7 orders changed a moment ago and were not judged." in shown(Tally("nothing"))


def test_programs_get_the_same_as_json() -> None:
    report = json.loads(as_json([a_finding()], some_totals(), 7))
    assert (report["findings"], report["not_judged"]) == (25, 7)
    assert report["money"]["EUR"]["kept"] == 1_234_567_890
    assert report["checks"][0]["findings"][0] == {
        "subject": "order 2",
        "expected": "one capture of 2000 EUR",
        "found": "[no capture]",
    }
