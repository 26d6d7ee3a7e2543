import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.chaos.processes import FrozenTree, ProcessHandle, command_line, kill_one_child
from store.devstack.process_tree import children_of
from store.devstack.runner import python_environ
from store.server.grpc.testing import wait_until

# Three generations; the last has a session of its own, as PostgreSQL's backends have.
FAMILY = """
import os, signal
if os.fork() == 0 and os.fork() == 0:
    os.setsid()
    print("all are there", flush=True)
signal.pause()
"""
# One that freezes a tree and is then killed.
FREEZER = """
import signal, sys
from store.chaos.processes import FrozenTree
frozen = FrozenTree(int(sys.argv[1]))
print("frozen", flush=True)
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


def test_everything_below_a_process_stops_and_goes_on(family: list[int]) -> None:
    frozen = FrozenTree(family[0])
    assert states(family) == "TTT"
    frozen.resume()
    frozen.resume()
    wait_until(lambda: states(family) == "SSS")


def test_everything_below_a_process_is_killed(family: list[int]) -> None:
    FrozenTree(family[0]).kill()
    assert set(states(family)) <= set("ZX")


def test_a_frozen_tree_goes_on_when_its_owner_is_killed(family: list[int]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FREEZER, str(family[0])],
        env=python_environ(Path.cwd()),
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        assert states(family) == "TTT"
        owner.kill()
    wait_until(lambda: states(family) == "SSS")


def test_only_a_child_is_killed_and_only_one(family: list[int]) -> None:
    parent, child, grandchild = family
    assert not kill_one_child(parent, [parent, grandchild, os.getpid()])
    wait_until(lambda: states(family) == "SSS")
    assert kill_one_child(parent, [grandchild, child])
    wait_until(lambda: states(family) == "SZS")


def test_one_that_has_gone_is_not_mistaken_for_another() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    handle = ProcessHandle(gone.pid)
    gone.wait()
    handle.send(signal.SIGKILL)
    handle.wait_until_stopped()
    handle.wait_until_gone()
    handle.close()
    assert command_line(gone.pid) == ""
    with pytest.raises(ProcessLookupError):
        ProcessHandle(gone.pid)
    FrozenTree(gone.pid).kill()
