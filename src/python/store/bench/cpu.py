"""Processor time of processes, and which processor they run on."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from store.devstack.process_tree import children_of


def seconds_used(pids: set[int]) -> float:
    """Processor time that these processes have used with all their threads, to the nanosecond.

    Source: clock_getcpuclockid(3); the kernel writes the number of a process's clock as `~pid << 3 | 2`.
    """
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def family(pid: int) -> set[int]:
    """The process and everything below it."""
    found = level = {pid}
    while level := set(children_of(level)):
        found = found | level
    return found


@contextmanager
def apart() -> Iterator[bool]:
    """Within the block this process has the last processor for itself; False where there is but one.

    What was started before stays on the first one, if it was started under `on_the_first`.
    """
    usual = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {max(usual)})
        yield len(usual) > 1
    finally:
        os.sched_setaffinity(0, usual)


@contextmanager
def on_the_first() -> Iterator[None]:
    """What is started within the block runs on the first processor, and stays there."""
    usual = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(usual)})
        yield
    finally:
        os.sched_setaffinity(0, usual)
