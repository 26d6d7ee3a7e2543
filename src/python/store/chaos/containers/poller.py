"""Something that is looked at again and again while a block lasts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def polled(poll: Callable[[], None], interval_seconds: float) -> Iterator[None]:
    """Call `poll` at this interval, in a thread, until the block ends."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(interval_seconds):
            poll()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
