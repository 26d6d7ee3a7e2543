from collections.abc import Iterator
from pathlib import Path

import pytest

from store.devstack import process_logs
from store.devstack.process_logs import ProcessLogs, earlier, log_file


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[ProcessLogs]:
    logs = ProcessLogs(tmp_path / "logs")
    yield logs
    logs.close()


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return log_file(tmp_path / "logs", "orders")


def texts(file: Path) -> list[str]:
    """Its lines without their times."""
    return [line.split(" ", 2)[2] for line in file.read_text().splitlines()]


def test_the_terminal_gets_our_own_steps_and_the_files_get_everything(
    logs: ProcessLogs, orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.say("starting PostgreSQL")
    logs.detail("users is ready")
    logs.relay("orders", [b"good morning\n", b"\xff\n"])
    assert capsys.readouterr().out == "starting PostgreSQL\n"
    assert texts(orders) == ["good morning", "�"]
    assert texts(orders.with_name("store.log")) == ["starting PostgreSQL", "users is ready"]


def test_all_of_it_can_be_seen_as_well(
    tmp_path: Path, orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = ProcessLogs(tmp_path / "logs", verbose=True)
    logs.say("ready")
    logs.line("orders", "good morning")
    logs.recall("orders")
    logs.close()
    assert capsys.readouterr().out == "store         | ready\norders        | good morning\n"
    assert texts(orders) == ["good morning"]


def test_what_a_process_said_last_can_be_shown(
    logs: ProcessLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.relay("orders", [b"%d\n" % number for number in range(100)])
    logs.recall("orders")
    logs.recall("nobody")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == process_logs.LAST_LINES
    assert shown[-1] == "orders        | 99"


def test_each_start_begins_anew_and_keeps_the_run_before(tmp_path: Path, orders: Path) -> None:
    for run in ("first", "second", "third"):
        logs = ProcessLogs(orders.parent)
        logs.line("orders", run)
        logs.close()
    assert (texts(orders), texts(earlier(orders))) == (["third"], ["second"])
    assert len(list(orders.parent.iterdir())) == 2


def test_a_store_that_is_refused_leaves_the_logs_of_the_one_that_runs_alone(
    logs: ProcessLogs, orders: Path
) -> None:
    logs.line("orders", "good morning")
    ProcessLogs(orders.parent).close()
    assert texts(orders) == ["good morning"]


def test_a_log_does_not_grow_for_ever(
    logs: ProcessLogs, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_logs, "MAX_BYTES", 1_000)
    logs.relay("orders", [b"%d\n" % number for number in range(1_000)])
    assert texts(orders)[-1] == "999"
    assert orders.stat().st_size + earlier(orders).stat().st_size < 2_100


def test_a_folder_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("in the way")
    logs = ProcessLogs(tmp_path / "logs")
    logs.say("ready")
    logs.close()
    assert capsys.readouterr().out == "ready\n"
