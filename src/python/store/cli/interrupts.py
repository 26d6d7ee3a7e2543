"""How a command that has started much is stopped."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interruption(Exception):
    """Somebody pressed Ctrl-C."""


@contextmanager
def signals_call(
    stop: Callable[[], object],
    numbers: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM),
) -> Iterator[None]:
    """Call `stop` at each of these signals, Ctrl-C and SIGTERM by default, while the block lasts."""
    before = {number: signal.signal(number, lambda *_: stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopped_in_order() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does: everything that was started is stopped."""

    def stop() -> None:
        raise KeyboardInterrupt

    with signals_call(stop, (signal.SIGTERM,)):
        yield
