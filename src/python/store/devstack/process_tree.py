"""Which process has started which, as Linux says (proc_pid_stat(5))."""

import os
from collections.abc import Collection
from pathlib import Path


def children_of(parents: Collection[int]) -> list[int]:
    """The processes that these have started and not yet buried."""
    numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in numbers if parent_of(pid) in parents]


def parent_of(pid: int) -> int:
    """The process that has started this one; 0 when it has gone."""
    try:
        return int(facts_of(Path(f"/proc/{pid}/stat"))[1])
    except OSError:
        return 0


def facts_of(stat: Path) -> list[str]:
    """State, parent, group, ... : what follows the name, which may hold any character."""
    return stat.read_text().rpartition(")")[2].split()
