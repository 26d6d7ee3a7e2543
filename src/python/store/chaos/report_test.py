import io
import json

from rich.console import Console

from store.chaos.report import SHOWN, as_json, show
from store.chaos.verdict import Verdict

GOOD = Verdict("storm", {"seed": "1", "kills": "30"})
BAD = Verdict("storm", {"seed": "2", "kills": "30"}, [f"wrong {n}" for n in range(SHOWN + 2)])
OTHER = Verdict("rush", {"seed": "1", "confirmed": "100"})


def text(*verdicts: Verdict) -> str:
    out = io.StringIO()
    show(Console(file=out, width=120), verdicts)
    return out.getvalue()


def test_each_scenario_has_a_table_with_a_row_for_each_run() -> None:
    output = text(GOOD, GOOD, OTHER)
    assert output.count("│    1 │    30 │     0 │") == 2
    assert output.count("confirmed") == 1


def test_what_is_wrong_is_said_and_counted() -> None:
    output = text(GOOD, BAD)
    assert f"│    2 │    30 │    {SHOWN + 2} │" in output
    assert "wrong 0" in output
    assert f"wrong {SHOWN}" not in output
    assert "and 2 more" in output


def test_programs_get_everything() -> None:
    well, bad = json.loads(as_json([GOOD, BAD]))
    assert (well["well"], well["facts"]) == (True, {"seed": "1", "kills": "30"})
    assert (bad["well"], len(bad["wrongs"])) == (False, SHOWN + 2)
