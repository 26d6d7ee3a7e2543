import time

from prometheus_client import REGISTRY

from store.metrics.worker import Loop, StepOutcome


def steps(worker: str) -> list[float | None]:
    return [
        REGISTRY.get_sample_value("worker_steps_total", {"worker": worker, "outcome": outcome})
        for outcome in StepOutcome
    ]


def last_step(worker: str) -> float:
    found = REGISTRY.get_sample_value("worker_last_step_timestamp_seconds", {"worker": worker})
    assert found is not None
    return found


def test_a_loop_that_begins_is_alive_and_has_done_nothing() -> None:
    Loop("fresh")
    assert steps("fresh") == [0, 0, 0]
    assert time.time() - 5 < last_step("fresh") <= time.time()


def test_steps_are_counted_by_what_they_came_to() -> None:
    loop = Loop("steady")
    for outcome in (StepOutcome.BUSY, StepOutcome.BUSY, StepOutcome.IDLE, StepOutcome.FAILED):
        loop.stepped(outcome, 0.25)
    assert steps("steady") == [2, 1, 1]
    name = "worker_step_duration_seconds_sum"
    assert REGISTRY.get_sample_value(name, {"worker": "steady"}) == 1.0
