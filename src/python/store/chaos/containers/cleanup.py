"""Removes what a run has left in Docker, however it ended."""

import contextlib

from store.chaos.containers.docker import DockerRefused, docker


def remove_all(label: str) -> None:
    """Remove every container and volume with this label."""
    _remove(label, ("ps", "--all"), ("rm", "--force", "--volumes"))
    _remove(label, ("volume", "ls"), ("volume", "rm", "--force"))


def _remove(label: str, listing: tuple[str, ...], removing: tuple[str, ...]) -> None:
    found = docker(*listing, "--quiet", "--filter", f"label={label}").split()
    if found:
        with contextlib.suppress(DockerRefused):  # a forwarder may have removed itself meanwhile
            docker(*removing, *found)
