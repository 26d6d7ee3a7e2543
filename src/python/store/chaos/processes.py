"""A process with everything below it: found by its parents, and never mistaken for another.

PostgreSQL's backends and gunicorn's workers cannot be had by the process group alone: each backend
has a group of its own. A stopped process makes no more children and reaps none, so from the top
downwards everything is found. A pidfd names one process for good, unlike its number (Linux:
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

from store.cli.errors import Trouble
from store.devstack.process_tree import children_of, facts_of, parent_of

TIMEOUT_SECONDS = 20.0
POLL_INTERVAL_SECONDS = 0.001
STOPPED_OR_ENDED = frozenset("TtZX")

# Reads the numbers of processes; lets them go on when our end of the pipe closes: when we say so, and
# also when this process is killed in between.
GUARD = 'while read -r pid; do all="$all $pid"; done; [ -z "$all" ] || kill -CONT $all'


class ProcessHandle:
    """One process; ProcessLookupError if there is none of this number."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    def wait_until_stopped(self) -> None:
        """Return when it has stopped or ended, with all its threads."""
        give_up = time.monotonic() + TIMEOUT_SECONDS
        while not all(state in STOPPED_OR_ENDED for state in _states(self.pid)):
            if time.monotonic() > give_up:
                raise Trouble(f"Process {self.pid} does not stop.")
            time.sleep(POLL_INTERVAL_SECONDS)

    def wait_until_gone(self) -> None:
        """Return when it has ended: its files and ports are free."""
        if not self.has_gone(TIMEOUT_SECONDS):
            raise Trouble(f"Process {self.pid} was killed and does not end.")

    def has_gone(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, or does within so many seconds."""
        # Not select.select, which knows no number above 1023.
        ended = select.poll()
        ended.register(self._pidfd, select.POLLIN)
        return bool(ended.poll(seconds * 1000))

    def close(self) -> None:
        os.close(self._pidfd)


class FrozenTree:
    """A process and everything below it, stopped: until it is resumed, or this process is gone."""

    def __init__(self, root: int) -> None:
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self._handles: list[ProcessHandle] = []
        try:
            self._stop(root)
        except BaseException:
            self.resume()
            raise

    def kill(self) -> None:
        """Kill all of it, and return when all has gone."""
        for each in self._handles:
            each.send(signal.SIGKILL)
        for each in self._handles:
            each.wait_until_gone()
        self._guard.kill()  # those numbers may be others' by now
        self.resume()

    def resume(self) -> None:
        """Let all of it go on. Resuming it twice is fine."""
        self._guard.communicate()
        while self._handles:
            self._handles.pop().close()

    def _stop(self, root: int) -> None:
        level = list(_handles([root]))
        while level:
            self._handles += level
            for each in level:
                if self._guard.stdin is not None:
                    self._guard.stdin.write(f"{each.pid}\n")
                    self._guard.stdin.flush()
                each.send(signal.SIGSTOP)
            for each in level:
                each.wait_until_stopped()
            level = list(_handles(children_of({each.pid for each in level})))


def kill_one_child(parent: int, among: Iterable[int]) -> bool:
    """Kill the first of these that is a child of `parent`, and wait until it has gone."""
    for child in _handles(among):
        try:
            # Asked again, now that the number can mean no other.
            if parent_of(child.pid) == parent:
                child.send(signal.SIGKILL)
                child.wait_until_gone()
                return True
        finally:
            child.close()
    return False


def command_line(pid: int) -> str:
    """The command line of a process, as it has set it; "" when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def _handles(pids: Iterable[int]) -> Iterator[ProcessHandle]:
    for pid in pids:
        try:
            handle = ProcessHandle(pid)
        except ProcessLookupError:
            continue
        yield handle


def _states(pid: int) -> Iterator[str]:
    """The state of each thread; nothing when the process has gone."""
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            yield facts_of(stat)[0]
        except OSError:
            continue
