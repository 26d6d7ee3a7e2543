import signal
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from store.server.errors import Unavailable
from store.server.grpc.testing import running, wait_until
from store.server.process import worker
from store.server.process.lifecycle import stopping
from store.server.process.worker import LONGEST_REST_SECONDS, repeat

PROGRAM = """
import sys, time
if sys.argv[1] == "gevent":
    from store.server.process.gevent_patch import patch_gevent
    patch_gevent()
from store.server.process.ops import OpsConfig
from store.server.process.worker import run_worker

def step():
    print("step begins", flush=True)
    time.sleep(0.3)
    print("step ends", flush=True)
    return False

run_worker("test", "steps", step, OpsConfig("127.0.0.1", 0), {}, idle_seconds=60)
print("left", flush=True)
"""


@pytest.fixture(autouse=True)
def not_stopping() -> Iterator[None]:
    stopping.clear()
    yield
    stopping.clear()


def test_steps_follow_each_other_while_there_is_work() -> None:
    done: list[int] = []

    def step() -> bool:
        done.append(1)
        if len(done) == 3:
            stopping.set()
        return True

    repeat("test", step, idle_seconds=60)
    assert len(done) == 3


def test_a_failing_step_is_tried_again_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[int] = []
    caps: set[float] = set()

    def at_once(attempt: int, cap: float) -> float:
        failures.append(attempt)
        caps.add(cap)
        return 0.0

    monkeypatch.setattr(worker, "seconds_to_wait", at_once)

    def step() -> bool:
        if len(failures) < 3:
            raise ZeroDivisionError
        stopping.set()
        return True

    repeat("test", step, idle_seconds=60)
    assert (failures, caps) == ([1, 2, 3], {LONGEST_REST_SECONDS})
    assert caplog.text.count("\nZeroDivisionError") == 3


def test_what_only_has_to_wait_is_a_warning_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "seconds_to_wait", lambda *_: 0.0)
    outcomes = [Unavailable("The database is not available."), ZeroDivisionError()]

    def step() -> bool:
        if outcomes:
            raise outcomes.pop(0)
        stopping.set()
        return True

    repeat("test", step, idle_seconds=60)
    levels = [(record.levelname, bool(record.exc_info)) for record in caplog.records]
    assert levels == [("WARNING", False), ("ERROR", True)]


def test_steps_are_counted_by_what_they_came_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "seconds_to_wait", lambda *_: 0.0)
    outcomes = iter([True, ZeroDivisionError(), False, True])

    def step() -> bool:
        outcome = next(outcomes, None)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is None:
            stopping.set()
        return bool(outcome)

    repeat("counted", step, idle_seconds=0.001)
    counts = {outcome: steps("counted", outcome) for outcome in ("busy", "idle", "failed")}
    assert counts == {"busy": 2, "idle": 2, "failed": 1}


def test_a_loop_that_rests_for_long_says_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "STILL_THERE_SECONDS", 0.02)
    resting = threading.Thread(target=repeat, args=("resting", lambda: False, 60))
    resting.start()
    wait_until(lambda: steps("resting", "idle") == 1)
    began = last_seen("resting")
    wait_until(lambda: last_seen("resting") > began)
    assert steps("resting", "idle") == 1
    stopping.set()
    resting.join(10)


def steps(name: str, outcome: str) -> float | None:
    return REGISTRY.get_sample_value("worker_steps_total", {"worker": name, "outcome": outcome})


def last_seen(name: str) -> float:
    labels = {"worker": name}
    return REGISTRY.get_sample_value("worker_last_step_timestamp_seconds", labels) or 0.0


@pytest.mark.parametrize("kind", ["plain", "gevent"])
def test_sigterm_finishes_the_step_in_hand(kind: str) -> None:
    with running(PROGRAM, kind) as program:
        wait_until(lambda: program.said() == "step begins\n")
        assert program.leave(signal.SIGTERM) == 0
        assert program.said() == "step begins\nstep ends\nleft\n"


@pytest.mark.parametrize("kind", ["plain", "gevent"])
def test_sigterm_wakes_an_idle_worker(kind: str) -> None:
    with running(PROGRAM, kind) as program:
        wait_until(lambda: program.said() == "step begins\nstep ends\n")
        assert program.leave(signal.SIGTERM) == 0
        assert program.said() == "step begins\nstep ends\nleft\n"
