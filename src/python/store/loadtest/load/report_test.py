import json
from io import StringIO

import pytest
from rich.console import Console

from store.loadtest.load.plan import Plan
from store.loadtest.load.recorder import Action, Recorder
from store.loadtest.load.report import as_json, show

PLAN = Plan(seed=4, rate=5, journeys=100)


@pytest.fixture
def recorder() -> Recorder:
    """A hundred orders that took 1 to 100 ms, one of which nobody was answered for."""
    recorder = Recorder()
    for number in range(1, 101):
        recorder.start(0.25 if number == 50 else 0.0)
        recorder.note(Action.PLACE, number / 1000, "confirmed", attempts=2 if number > 97 else 1)
        recorder.promise(str(number), "passes kept")
        recorder.finish()
    for number in range(1, 100):
        at = "2026-01-01T00:00:00+00:00"
        order = {"id": str(number), "state": "confirmed", "reason": None, "updated_at": at}
        recorder.receive(str(number), {**order, "refunds": []})
    recorder.fail(Action.PLACE, "503 unavailable")
    recorder.end()
    return recorder


def printed(recorder: Recorder) -> str:
    said = StringIO()
    show(Console(width=160, file=said), PLAN, recorder)
    return said.getvalue()


def test_the_table_tells_percentiles_repeats_outcomes_and_failures(recorder: Recorder) -> None:
    said = printed(recorder)
    row = next(line for line in said.splitlines() if "│ place" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert [cells[1], *cells[3:]] == [
        *("100", "50 ms", "95 ms", "99 ms", "100 ms", "3", "100 confirmed")
    ]
    assert "503 unavailable" in said
    assert "1 of them late (at most 250 ms); 1 failures" in said


def test_nothing_is_said_of_failures_when_there_were_none() -> None:
    recorder = Recorder()
    recorder.end()
    assert "Failures" not in printed(recorder)
    assert "0 failures" in printed(recorder)


def test_the_same_is_said_as_json(recorder: Recorder) -> None:
    said = json.loads(as_json(PLAN, recorder))
    place = said["actions"]["place"]
    assert (place["p50"], place["p99"], place["max"], place["retries"]) == (0.05, 0.099, 0.1, 3)
    assert said["orders"] == [
        {"state": "confirmed", "reason": "", "number": 99},
        {"state": "unanswered", "reason": "", "number": 1},
    ]
    assert said["failures"] == [{"action": "place", "what": "503 unavailable", "number": 1}]
    assert (said["late_starts"], said["latest_start"], said["seed"]) == (1, 0.25, 4)
