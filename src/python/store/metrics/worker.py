"""Loops that take one step after the other."""

from enum import StrEnum

from prometheus_client import Counter, Gauge, Histogram


class StepOutcome(StrEnum):
    """What a step came to."""

    BUSY = "busy"
    """It found something to do."""

    IDLE = "idle"
    FAILED = "failed"


STEPS = Counter(
    "worker_steps_total",
    "Steps that a loop took: with something to do (busy), without (idle), or ended by an error.",
    ("worker", "outcome"),
)
STEP_SECONDS = Histogram(
    "worker_step_duration_seconds",
    "Seconds that a step took.",
    ("worker",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
LAST_STEP = Gauge(
    "worker_last_step_timestamp_seconds",
    "Unix time at which a loop ended its last step, whatever that came to; while it rests for long, "
    "at which it was last seen to be alive.",
    ("worker",),
)


class Loop:
    """One loop, by its name; it is alive from now on."""

    def __init__(self, worker: str) -> None:
        self._steps = {outcome: STEPS.labels(worker, outcome) for outcome in StepOutcome}
        self._seconds = STEP_SECONDS.labels(worker)
        self._last_step = LAST_STEP.labels(worker)
        self.is_alive()

    def stepped(self, outcome: StepOutcome, seconds: float) -> None:
        """A step is over."""
        self._steps[outcome].inc()
        self._seconds.observe(seconds)
        self.is_alive()

    def is_alive(self) -> None:
        """The loop is not stuck, even if it takes no step at the moment."""
        self._last_step.set_to_current_time()
