"""What a process measures of itself, in processes of their own."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, time
if sys.argv[1] == "gevent":
    from gevent import monkey
    monkey.patch_all()
from prometheus_client import REGISTRY
from store.metrics import process

process.SAMPLE_INTERVAL_SECONDS = 0.05
process.describe_process("1.2.3")
process.describe_process("1.2.3")
time.sleep(0.2)
ends = time.perf_counter() + 0.4
while sys.argv[1] == "gevent" and time.perf_counter() < ends:
    pass
time.sleep(0.2)
value = REGISTRY.get_sample_value
print(value("build_info", {"version": "1.2.3"}))
print(value("process_threads"))
print(value("event_loop_lag_seconds_count"))
print(value("event_loop_lag_seconds_sum"))
"""


def published(kind: str) -> list[float]:
    program = [sys.executable, "-c", PROGRAM, kind]
    env = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(program, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [float(line) for line in done.stdout.split()]


@pytest.mark.parametrize("kind", ["plain", "gevent"])
def test_version_and_threads_are_told_and_the_process_can_leave(kind: str) -> None:
    build, threads, looks, _lag = published(kind)
    assert build == 1
    assert threads >= (2 if kind == "plain" else 1)
    assert 2 <= looks <= 9  # one thread looks, though it was asked for twice


def test_who_keeps_the_event_loop_is_seen() -> None:
    *_, lag = published("gevent")
    assert lag > 0.3
