from pathlib import Path

import pytest

from store.loadtest.replay.journal import Journal, OrderOutcome


def test_what_was_noted_is_known_to_the_next_run(tmp_path: Path) -> None:
    first = Journal(tmp_path / "replays" / "notes")
    first.note(OrderOutcome("1", "confirmed", id="abc", seconds=0.25))
    first.close()
    second = Journal(tmp_path / "replays" / "notes")
    assert second.known == {"1": OrderOutcome("1", "confirmed", id="abc", seconds=0.25)}
    second.close()


@pytest.mark.parametrize(
    ("state", "done"),
    [
        ("confirmed", True),
        ("rejected", True),
        ("refused", True),
        ("pending", False),
        ("unanswered", False),
    ],
)
def test_only_what_has_ended_is_done(tmp_path: Path, state: str, done: bool) -> None:
    journal = Journal(tmp_path / "notes")
    journal.note(OrderOutcome("1", state))
    assert journal.is_done("1") is done
    journal.close()


def test_a_line_torn_by_a_kill_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text('{"order": "1", "state": "confirmed"}\n{"order": "2", "sta')
    journal = Journal(file)
    journal.note(OrderOutcome("3", "rejected", "out_of_stock"))
    journal.close()
    again = Journal(file)
    assert sorted(again.known) == ["1", "3"]
    again.close()
