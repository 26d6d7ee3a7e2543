"""Processes as tests see them: a whole tree of them, and whether one has gone."""

from pathlib import Path

from store.devstack.process_tree import children_of


def family(pid: int | None) -> set[int]:
    """A process and all that lies below it."""
    assert pid is not None
    found = level = {pid}
    while level := set(children_of(level)):
        found = found | level
    return found


def is_gone(pid: int) -> bool:
    """Whether it has ended, reaped or not."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
