import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.chaos.processes import Held, Standstill, kill_a_child, title
from store.devstack.process_tree import children_of
from store.devstack.runner import python_environ

# Three generations; the last has a session of its own, as PostgreSQL's backends have.
FAMILY = """
import os, signal
if os.fork() == 0 and os.fork() == 0:
    os.setsid()
    print("all are there", flush=True)
signal.pause()
"""
# One that stalls a process and is then killed.
STALLER = """
import signal, sys
from store.chaos.processes import Standstill
standstill = Standstill(int(sys.argv[1]))
print("it stands", flush=True)
signal.pause()
"""


@pytest.fixture
def family() -> Iterator[list[int]]:
    """Parent, child and grandchild."""
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        [child] = children_of({parent.pid})
        [grandchild] = children_of({child})
        members = [parent.pid, child, grandchild]
        yield members
        for member in members:
            if state(member) not in "ZX":
                os.kill(member, signal.SIGKILL)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def states(pids: list[int]) -> str:
    return "".join(map(state, pids))


def wait_for(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.005)


def test_everything_below_a_process_stands_still_and_goes_on(family: list[int]) -> None:
    standstill = Standstill(family[0])
    assert states(family) == "TTT"
    standstill.lift()
    standstill.lift()
    wait_for(lambda: states(family) == "SSS")


def test_everything_below_a_process_is_killed(family: list[int]) -> None:
    Standstill(family[0]).kill()
    assert set(states(family)) <= set("ZX")


def test_what_stands_still_goes_on_when_its_owner_is_killed(family: list[int]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STALLER, str(family[0])],
        env=python_environ(Path.cwd()),
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        assert states(family) == "TTT"
        owner.kill()
    wait_for(lambda: states(family) == "SSS")


def test_only_a_child_is_killed_and_only_one(family: list[int]) -> None:
    parent, child, grandchild = family
    assert not kill_a_child(parent, [parent, grandchild, os.getpid()])
    wait_for(lambda: states(family) == "SSS")
    assert kill_a_child(parent, [grandchild, child])
    wait_for(lambda: states(family) == "SZS")


def test_one_that_has_gone_is_not_mistaken_for_another() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    held = Held(gone.pid)
    gone.wait()
    held.send(signal.SIGKILL)
    held.wait_until_still()
    held.wait_until_gone()
    held.close()
    assert title(gone.pid) == ""
    with pytest.raises(ProcessLookupError):
        Held(gone.pid)
    Standstill(gone.pid).kill()
