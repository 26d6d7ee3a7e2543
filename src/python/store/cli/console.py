"""Where commands say what they have found."""

from rich.console import Console

WIDTH = 160  # of a log, where no terminal says how wide it is


def open_console(*, aside: bool = False) -> Console:
    """The standard output, or the standard error if what is said there stands `aside` of a result."""
    console = Console(stderr=aside)
    if not console.is_terminal:
        console.width = WIDTH
    return console
