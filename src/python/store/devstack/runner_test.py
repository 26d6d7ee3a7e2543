import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.devstack.errors import ProcessDied
from store.devstack.output import LogFiles, Output
from store.devstack.process_logs import ProcessLogs
from store.devstack.readiness import raise_if_dead
from store.devstack.runner import Program, Runner, python_environ
from store.testing.wait import wait_for

# Says when it is there, and what it received.
POLITE = """
import signal, sys, time
def leave(*_):
    print("leaving", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("here", flush=True)
time.sleep(60)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"


@pytest.fixture
def lock() -> Iterator[int]:
    reading, writing = os.pipe()
    yield writing
    os.close(reading)
    os.close(writing)


@pytest.fixture
def runner(lock: int) -> Iterator[Runner]:
    runner = Runner(Output(), lock)
    yield runner
    runner.stop()


def program(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code], python_environ(Path.cwd()))


def test_what_a_process_says_stands_behind_its_name(
    runner: Runner, capfd: pytest.CaptureFixture[str]
) -> None:
    runner.start(program("polite", "print('good morning')"))
    wait_for(runner.dead)
    runner.stop()
    assert capfd.readouterr().out == "polite        | good morning\n"


def test_stopping_is_asked_for_politely(runner: Runner, capfd: pytest.CaptureFixture[str]) -> None:
    runner.start(program("polite", POLITE))
    wait_for(lambda: "here" in capfd.readouterr().out)
    runner.stop()
    assert "polite        | leaving\n" in capfd.readouterr().out


def test_one_that_does_not_listen_is_killed_in_the_end(
    runner: Runner, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.devstack.runner.STOP_SECONDS", 0.2)
    runner.start(program("stubborn", STUBBORN))
    wait_for(lambda: "here" in capfd.readouterr().out)
    started = time.monotonic()
    runner.stop()
    assert time.monotonic() - started < 5


def test_a_process_that_ended_by_itself_is_known_with_its_status(runner: Runner) -> None:
    runner.start(program("fine", POLITE))
    runner.start(program("broken", "raise SystemExit(3)"))
    wait_for(runner.dead)
    dead = runner.dead()
    assert dead is not None
    assert (dead.name, dead.status) == ("broken", 3)


def test_programs_run_to_their_ends_side_by_side(runner: Runner) -> None:
    started = time.monotonic()
    slow, broken = "import time; time.sleep(3)", "raise SystemExit(3)"
    programs = [program("first", slow), program("second", slow), program("third", broken)]
    assert runner.finish(programs, lambda: False) == {"third": 3}
    assert time.monotonic() - started < 5.9


def test_programs_that_were_to_end_are_stopped_when_we_are(runner: Runner) -> None:
    assert runner.finish([program("endless", "import time; time.sleep(60)")], lambda: True) == {
        "endless": -signal.SIGTERM
    }


def test_one_that_was_waited_for_is_never_signalled_again(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.start(program("fine", "pass"))
    child = runner.child("fine")
    child.wait(time.monotonic() + 10)
    signalled: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda group, _: signalled.append(group))
    child.wait(time.monotonic())
    assert signalled == []


def test_what_processes_say_can_go_to_a_file_each(tmp_path: Path, lock: int) -> None:
    logs = LogFiles(tmp_path / "logs")
    runner = Runner(logs, lock)
    for name, text in (("first", "good morning"), ("second", "good night"), ("first", "again")):
        runner.finish([program(name, f"print({text!r})")], lambda: False)
    logs.say("done")
    assert {file.name: file.read_text() for file in (tmp_path / "logs").iterdir()} == {
        "first.log": "good morning\nagain\n",
        "second.log": "good night\n",
        "store.log": "done\n",
    }


def test_what_a_process_said_last_is_shown_when_it_has_ended(
    tmp_path: Path, lock: int, capfd: pytest.CaptureFixture[str]
) -> None:
    logs = ProcessLogs(tmp_path / "logs")
    runner = Runner(logs, lock)
    runner.finish(
        [program("migrate", "print('no such table'); raise SystemExit(1)")], lambda: False
    )
    runner.start(program("server", "print('no such host'); raise SystemExit(3)"))
    wait_for(runner.dead)
    with pytest.raises(ProcessDied, match="server ended by itself"):
        raise_if_dead(runner)
    assert capfd.readouterr().out.splitlines() == [
        *("migrate       | no such table", "server        | no such host"),
    ]
    runner.stop()
    logs.close()


def test_only_those_named_are_stopped(runner: Runner) -> None:
    runner.start(program("first", POLITE))
    runner.start(program("second", POLITE))
    runner.stop(["first"])
    assert runner.dead() is None


def test_a_child_knows_its_version_and_where_traces_go_and_nothing_else_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed_on = {"VERSION": "1.2.3", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    for name, text in {
        **passed_on,
        "DATABASE_URL": "postgresql://somebody:geheim@else/where",
    }.items():
        monkeypatch.setenv(name, text)
    environ = python_environ(Path.cwd())
    assert passed_on.items() <= environ.items()
    assert "DATABASE_URL" not in environ


def test_no_child_survives_when_we_are_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    child = f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(60)"
    parent = f"""
import os, pathlib, sys, time
from store.devstack.output import Output
from store.devstack.runner import Program, Runner, python_environ
runner = Runner(Output(), os.dup(1))
runner.start(Program("child", [sys.executable, "-c", {child!r}], python_environ(pathlib.Path.cwd())))
time.sleep(60)
"""
    environ = python_environ(Path.cwd())
    with subprocess.Popen(
        [sys.executable, "-c", parent], env=environ, stdout=subprocess.PIPE
    ) as up:
        wait_for(lambda: note.exists() and note.read_text())
        up.send_signal(signal.SIGKILL)
        # The child holds the other end of this pipe: it closes when the child has gone.
        up.communicate(timeout=10)
