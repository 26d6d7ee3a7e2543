"""A process with everything below it: found by its parents, and never mistaken for another.

PostgreSQL's backends and gunicorn's workers cannot be had by the process group alone: each backend
has a group of its own. A process that stands still makes no more children and buries none, so from
the top downwards everything is found. A pidfd names one process for good, unlike its number (Linux:
pidfd_open(2)).
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from store.devstack.errors import Trouble
from store.devstack.process_tree import children_of, facts_of, parent_of

PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.001
STILL = frozenset("TtZX")  # stopped, or ended

# Reads the numbers of processes; lets them go on when our end of the pipe closes: when we say so, and
# also when this process is killed in between.
GUARD = 'while read -r pid; do all="$all $pid"; done; [ -z "$all" ] || kill -CONT $all'


class Held:
    """One process; ProcessLookupError if there is none of this number."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def wait_until_still(self) -> None:
        """Return when it has stopped or ended, with all its threads."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not all(state in STILL for state in _states(self.pid)):
            if time.monotonic() > give_up:
                raise Trouble(f"Process {self.pid} does not stand still.")
            time.sleep(LOOK_SECONDS)

    def wait_until_gone(self) -> None:
        """Return when it has ended: its files and ports are free."""
        if not self.has_gone(PATIENCE_SECONDS):
            raise Trouble(f"Process {self.pid} was killed and does not end.")

    def has_gone(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, or does within so many seconds."""
        # Not select.select, which knows no number above 1023.
        ended = select.poll()
        ended.register(self._handle, select.POLLIN)
        return bool(ended.poll(seconds * 1000))

    def close(self) -> None:
        """Hold it no more."""
        os.close(self._handle)


class Standstill:
    """A process and everything below it, stopped: until it is lifted, or this process is gone."""

    def __init__(self, root: int) -> None:
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self._held: list[Held] = []
        try:
            self._stop(root)
        except BaseException:
            self.lift()
            raise

    def kill(self) -> None:
        """Kill all of it, and return when all has gone."""
        for each in self._held:
            each.send(signal.SIGKILL)
        for each in self._held:
            each.wait_until_gone()
        self._guard.kill()  # those numbers may be others' by now
        self.lift()

    def lift(self) -> None:
        """Let all of it go on. Lifting it twice is fine."""
        self._guard.communicate()
        while self._held:
            self._held.pop().close()

    def _stop(self, root: int) -> None:
        level = list(_held([root]))
        while level:
            self._held += level
            for each in level:
                self._tell_the_guard(each.pid)
                each.send(signal.SIGSTOP)
            for each in level:
                each.wait_until_still()
            level = list(_held(children_of({each.pid for each in level})))

    def _tell_the_guard(self, pid: int) -> None:
        if self._guard.stdin is not None:
            self._guard.stdin.write(f"{pid}\n")
            self._guard.stdin.flush()


def kill_a_child(parent: int, among: Iterable[int]) -> bool:
    """Kill the first of these that is a child of `parent`, and wait until it has gone."""
    for child in _held(among):
        try:
            # Asked again, now that the number can mean no other.
            if parent_of(child.pid) == parent:
                child.send(signal.SIGKILL)
                child.wait_until_gone()
                return True
        finally:
            child.close()
    return False


def title(pid: int) -> str:
    """How a process calls itself; "" when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def _held(pids: Iterable[int]) -> Iterator[Held]:
    for pid in pids:
        try:
            held = Held(pid)
        except ProcessLookupError:
            continue
        yield held


def _states(pid: int) -> Iterator[str]:
    """The state of each thread; nothing when the process has gone."""
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            yield facts_of(stat)[0]
        except OSError:
            continue
