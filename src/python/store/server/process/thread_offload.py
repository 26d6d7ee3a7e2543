"""Heavy computation beside gevent's loop, so that everybody else goes on being served."""

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from gevent import get_hub
from gevent.monkey import is_module_patched

from store.server.errors import Unavailable

T = TypeVar("T")

# A container sees all processors of a large machine, but has little memory: a hash takes 19 MiB.
MAX_THREADS = 4


class Overload(Unavailable):
    """More is to be computed than the processors can do in time."""

    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("The server is busy; try again soon.", retry_after=2.0)


def offload_to_thread(work: Callable[[], T], *, wait_seconds: float = 5.0) -> T:
    """What `work` returns, computed in a thread of its own while other greenlets run.

    `work` must release the GIL for most of its time, as Argon2 does. As many run at once as there
    are processors, and no more than MAX_THREADS; Overload if none of them gets free within
    `wait_seconds`. Without gevent's
    patching the caller is a thread already, and does the work itself under the same bound.
    """
    slots = _slots()
    if not slots.acquire(timeout=wait_seconds):
        raise Overload
    try:
        return _in_a_thread(work) if is_module_patched("threading") else work()
    finally:
        slots.release()


def _in_a_thread(work: Callable[[], T]) -> T:
    # Errors travel as results: gevent prints a traceback for each that leaves its threads.
    answers: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(work())
        except Exception as error:
            errors.append(error)

    get_hub().threadpool.apply(run)
    if errors:
        raise errors[0]
    return answers[0]


@cache
def _slots() -> threading.BoundedSemaphore:
    # Made at first use: by then gevent has replaced the class, if it ever does.
    return threading.BoundedSemaphore(min(len(os.sched_getaffinity(0)), MAX_THREADS))
