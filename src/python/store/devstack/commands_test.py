"""`status`, `stop` and `logs` beside stores that run, that do not, and that were killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from store.devstack import main as program
from store.devstack.folder import Folder
from store.devstack.main import commands
from store.devstack.process_logs import ProcessLogs
from store.devstack.runner import python_environ
from store.testing.programs import run

# An `up` that has got no further than to hold its folder; ends at SIGTERM, the child it leaves not before.
HOLD = """
import pathlib, subprocess, sys, time
from store.devstack.folder import Folder
folder = Folder(pathlib.Path(sys.argv[1]))
folder.hold()
child = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(folder.lock,))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[[float], subprocess.Popen[bytes]]]:
    """Holds the store in `tmp_path`; a child of the holder lives for so many seconds."""
    started = list[subprocess.Popen[bytes]]()

    def hold(seconds: float) -> subprocess.Popen[bytes]:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path), str(seconds)],
            env=python_environ(Path.cwd()),
            stdout=subprocess.PIPE,
        )
        started.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        return holder

    yield hold
    for holder in started:
        holder.kill()
        holder.communicate()


def invoke(*arguments: str, data: Path) -> Result:
    return CliRunner().invoke(commands, [*arguments, "--data", str(data)])


def test_where_no_store_runs_that_is_said(tmp_path: Path) -> None:
    status, stop = invoke("status", data=tmp_path), invoke("stop", data=tmp_path)
    assert (status.exit_code, stop.exit_code) == (1, 0)
    assert status.output == f"Error: No store runs in {tmp_path}: ./pants up starts it.\n"
    assert stop.output == f"No store runs in {tmp_path}.\n"


def test_a_store_that_begins_is_not_ready(
    tmp_path: Path, hold: Callable[[float], subprocess.Popen[bytes]]
) -> None:
    holder = hold(0.1)
    status = invoke("status", data=tmp_path)
    assert f"The store in {tmp_path} is starting: process {holder.pid}" in status.output
    assert status.exit_code == 1


def test_stop_returns_when_all_has_gone(
    tmp_path: Path, hold: Callable[[float], subprocess.Popen[bytes]]
) -> None:
    holder = hold(1)
    stop = invoke("stop", data=tmp_path)
    assert holder.wait(10) == -15
    assert f"stopping the store in {tmp_path} (process {holder.pid})" in stop.output
    assert stop.output.splitlines()[-1].startswith("stopped;")
    assert not Folder(tmp_path).is_held


def test_what_a_killed_up_has_left_is_waited_for_and_nobody_else_is_signalled(
    tmp_path: Path, hold: Callable[[float], subprocess.Popen[bytes]]
) -> None:
    holder = hold(2)
    holder.kill()
    holder.wait()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        (tmp_path / "lock").write_text(str(stranger.pid))  # who has got its number since
        assert "was killed" in invoke("status", data=tmp_path).output
        assert "was killed" in invoke("stop", data=tmp_path).output
        assert stranger.poll() is None
        stranger.kill()


def test_logs_are_shown_together_or_by_process(tmp_path: Path) -> None:
    write(tmp_path, ("users", "one"), ("orders", "two"), ("users", "three"))
    every, some = invoke("logs", data=tmp_path), invoke("logs", "users", "-n", "1", data=tmp_path)
    assert every.output.splitlines() == [
        *("users         | one", "orders        | two", "users         | three"),
    ]
    assert some.output == "users         | three\n"


def test_logs_that_are_not_there_are_one_clear_message(tmp_path: Path) -> None:
    assert "start the store with ./pants up" in invoke("logs", data=tmp_path).output
    write(tmp_path, ("users", "one"))
    unknown = invoke("logs", "user", data=tmp_path)
    assert (unknown.exit_code, unknown.output) == (
        1,
        "Error: There is no log of user, but of: users\n",
    )


def test_logs_can_be_followed(tmp_path: Path) -> None:
    write(tmp_path, ("users", "one"))
    with subprocess.Popen(
        [sys.executable, "-m", program.__name__, "logs", "--follow", "--data", str(tmp_path)],
        env=python_environ(Path.cwd()),
        stdout=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "users         | one\n"
        write(tmp_path, ("orders", "two"), ("users", "three"))
        found = {following.stdout.readline() for _ in range(2)}
        following.send_signal(2)
        assert found == {"orders        | two\n", "users         | three\n"}
        assert following.wait(10) == 0


@pytest.mark.parametrize("command", ["up", "import", "status", "stop", "logs"])
def test_usage_names_the_command_that_people_type(command: str) -> None:
    assert run(program, command, "--help").startswith(f"Usage: ./pants {command} [OPTIONS]")


def write(data: Path, *said: tuple[str, str]) -> None:
    logs = ProcessLogs(Folder(data).logs)
    for name, text in said:
        logs.line(name, text)
        time.sleep(0.002)  # times have milliseconds
    logs.close()
