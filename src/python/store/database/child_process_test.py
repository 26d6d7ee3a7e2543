import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from store.database.child_process import ChildProcess, guarded

# Says its number and its parent's, then does what the signal says; or nothing.
POLITE = "import os, signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print(os.getpid(), os.getppid(), flush=True); signal.pause()"
DEAF = "import os, signal; signal.signal(15, signal.SIG_IGN); print(os.getpid(), flush=True); signal.pause(); signal.pause()"
# An owner that is killed before it can end what it keeps.
OWNER = """
import os, subprocess, sys
from store.database.child_process import guarded
subprocess.Popen(guarded([sys.executable, "-c", sys.argv[1]], signal="TERM", kill_after=1),
                 stdin=subprocess.PIPE, start_new_session=True).wait()
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[IO[bytes]]:
    with (tmp_path / "log").open("wb") as log:
        yield log


def keep(code: str, log: IO[bytes]) -> ChildProcess:
    return ChildProcess([sys.executable, "-c", code], signal="TERM", log=log, who={})


def wait_for(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.01)


def members_of(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_command_is_our_own_child(log: IO[bytes], tmp_path: Path) -> None:
    running = keep(POLITE, log)
    wait_for((tmp_path / "log").read_text)
    assert (tmp_path / "log").read_text() == f"{running.pid} {os.getpid()}\n"
    running.end(10)


def test_when_it_has_been_told_to_end_nothing_of_it_is_left(log: IO[bytes], tmp_path: Path) -> None:
    running = keep(POLITE, log)
    wait_for((tmp_path / "log").read_text)
    assert running.running
    running.end(10)
    assert not running.running
    wait_for(lambda: not members_of(running.pid))


def test_one_that_does_not_end_in_time_is_said_so_and_goes_on(
    log: IO[bytes], tmp_path: Path
) -> None:
    running = keep(DEAF, log)
    wait_for((tmp_path / "log").read_text)
    with pytest.raises(subprocess.TimeoutExpired):
        running.end(0.1)
    assert running.running
    os.killpg(running.pid, signal.SIGKILL)
    running.end(10)


@pytest.mark.parametrize("code", [POLITE, DEAF])
def test_it_ends_with_its_owner_even_if_it_is_deaf_to_the_signal(code: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, code],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as owner:
        assert owner.stdout is not None
        group = int(owner.stdout.readline().split()[0])
        assert members_of(group)
        owner.kill()
        owner.stdout.read()  # until the last writer has gone
    wait_for(lambda: not members_of(group))


def test_the_exit_status_is_that_of_the_command() -> None:
    done = subprocess.Popen(
        guarded(["/bin/sh", "-c", "exit 7"], signal="TERM"),
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert done.wait(10) == 7
    done.communicate()
