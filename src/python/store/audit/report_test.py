import io
import json
from dataclasses import replace

from rich.console import Console

from store.audit.audit import Result
from store.audit.checks.findings import Difference, Tally
from store.audit.checks.proposals import RELEASE_STOCK, propose
from store.audit.checks.totals import Total, Totals
from store.audit.repair import Repair
from store.audit.report import as_json, repair_of, show, show_repair


def some_totals() -> Totals:
    totals = Totals()
    totals.by_currency["EUR"] = Total(3, 1_234_567_890, 1_234_568_000, 110, 5)
    return totals


def a_finding() -> Tally:
    tally = Tally("a rejected or cancelled order holds no stock", "Units are kept from others.")
    tally.count("order 1", None)
    for number in range(2, 27):
        proposals = (propose(RELEASE_STOCK, order_id=str(number), state="held"),)
        tally.count(
            f"order {number}", Difference("no stock", "[held]", proposals, "And count the shelf.")
        )
    return tally


def result_of(tally: Tally) -> Result:
    return Result([tally], some_totals(), 7)


def shown(tally: Tally) -> str:
    console = Console(file=io.StringIO(), width=80)
    show(console, result_of(tally))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_finding_is_explained() -> None:
    said = shown(a_finding())
    assert "Units are kept from others.\n" in said
    assert "  order 2\n    expected  no stock\n    found     [held]\n" in said
    assert "    --repair  would release the stock of order 2 through inventory\n" in said
    assert "    a person  And count the shelf.\n" in said
    assert "and 5 more" in said


def test_large_sums_stay_whole_on_a_narrow_terminal() -> None:
    assert "1,234,567,890" in shown(Tally("nothing", ""))


def test_what_was_too_young_to_judge_is_said() -> None:
    assert "7 orders changed a moment ago and were not judged." in shown(Tally("nothing", ""))


def test_a_repair_says_what_came_of_it() -> None:
    console = Console(file=io.StringIO(), width=120)
    release = propose(RELEASE_STOCK, order_id="2", state="held")
    left = Repair(replace(release, check="a check", subject="order 2"), False, "[it is otherwise]")
    show_repair(console, left)
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    assert said == "left  release the stock of order 2 through inventory: [it is otherwise]\n"
    assert repair_of(left) == {
        "check": "a check",
        "subject": "order 2",
        "repair": "release the stock of order 2 through inventory",
        "done": False,
        "outcome": "[it is otherwise]",
    }


def test_programs_get_the_same_as_json() -> None:
    report = json.loads(as_json(result_of(a_finding()), repairs=[]))
    assert (report["findings"], report["not_judged"], report["repairs"]) == (25, 7, [])
    assert report["money"]["EUR"]["kept"] == 1_234_567_890
    assert report["checks"][0]["means"] == "Units are kept from others."
    assert report["checks"][0]["findings"][0] == {
        "subject": "order 2",
        "expected": "no stock",
        "found": "[held]",
        "repair": ["release the stock of order 2 through inventory"],
        "person": "And count the shelf.",
    }
