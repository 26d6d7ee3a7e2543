"""Leaves nothing of a run behind, however it ended."""

import contextlib

from store.chaos.containers.docker import Refused, docker


def clear(label: str) -> None:
    """Remove every container and volume with this label."""
    _each(label, ("ps", "--all"), ("rm", "--force", "--volumes"))
    _each(label, ("volume", "ls"), ("volume", "rm", "--force"))


def _each(label: str, listing: tuple[str, ...], removing: tuple[str, ...]) -> None:
    found = docker(*listing, "--quiet", "--filter", f"label={label}").split()
    if found:
        with contextlib.suppress(Refused):  # a forwarder may have removed itself meanwhile
            docker(*removing, *found)
