"""The process itself, beyond what prometheus_client measures of every process."""

import os
import threading
import time
from functools import cache

from prometheus_client import Gauge, Histogram

SAMPLE_INTERVAL_SECONDS = 0.5

THREADS = Gauge("process_threads", "Threads of the process, as the operating system counts them.")
LOOP_LAG_SECONDS = Histogram(
    "event_loop_lag_seconds",
    "Seconds by which a sleeping task woke up too late, looked at twice a second: how long everybody "
    "else had to wait for their turn.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
BUILD = Gauge("build_info", "1; the label tells which version runs.", ("version",))

THREADS.set_function(lambda: len(os.listdir("/proc/self/task")))


@cache
def describe_process(version: str) -> None:
    """Publish the version, and sample the event loop's lag from now on. Repeating it does nothing.

    Call it in the process that does the work: a thread does not survive a fork.
    """
    BUILD.labels(version).set(1)
    threading.Thread(target=_sample_for_ever, name="loop-lag", daemon=True).start()


def _sample_for_ever() -> None:
    # A task of the event loop where threads are greenlets, else a thread among threads.
    while True:
        due = time.perf_counter() + SAMPLE_INTERVAL_SECONDS
        time.sleep(SAMPLE_INTERVAL_SECONDS)
        LOOP_LAG_SECONDS.observe(max(0.0, time.perf_counter() - due))
