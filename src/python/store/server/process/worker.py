"""A process that does one thing over and over."""

import logging
import time
from collections.abc import Callable, Mapping

from store.metrics.worker import Loop, StepOutcome
from store.server.errors import Unavailable
from store.server.outbound.backoff import seconds_to_wait
from store.server.process.lifecycle import stop_at_signals, stopping
from store.server.process.ops import OpsConfig, start_ops, stop_ops
from store.server.process.readiness import Check
from store.server.telemetry import traces

LONGEST_REST_SECONDS = 10.0
"""So soon a loop is back at work, however long the database was away before."""

STILL_THERE_SECONDS = 10.0
"""A loop that rests for longer says so often that it is alive."""

_log = logging.getLogger(__name__)


def run_worker(
    service: str,
    name: str,
    step: Callable[[], bool],
    ops: OpsConfig,
    ready: Mapping[str, Check],
    idle_seconds: float = 0.5,
) -> None:
    """Take one step after the other until SIGTERM; the step in hand is finished.

    `step` says whether it found something to do; after an idle one the worker rests. `name` is the
    loop's in the metrics.
    """
    stop_at_signals()
    traces.start(service)
    server = start_ops(ops.bind, ops.ops_port, ready)
    _log.info("%s works", service)
    repeat(name, step, idle_seconds)
    stop_ops(server)
    _log.info("%s has stopped", service)


def repeat(name: str, step: Callable[[], bool], idle_seconds: float) -> None:
    """Take steps until `stopping`; a step that fails is logged and tried again, ever later.

    The metrics know the loop by its `name`.
    """
    loop, failures = Loop(name), 0
    while not stopping.is_set():
        began = time.perf_counter()
        outcome = _outcome_of(step, name, failures)
        loop.stepped(outcome, time.perf_counter() - began)
        failures = failures + 1 if outcome == StepOutcome.FAILED else 0
        if outcome == StepOutcome.FAILED:
            _rest(loop, seconds_to_wait(failures, LONGEST_REST_SECONDS))
        elif outcome == StepOutcome.IDLE:
            _rest(loop, idle_seconds)


def _outcome_of(step: Callable[[], bool], name: str, failures: int) -> StepOutcome:
    try:
        return StepOutcome.BUSY if step() else StepOutcome.IDLE
    except Unavailable as error:
        _log.warning("a step of %s has to wait (%s in a row): %s", name, failures + 1, error.detail)
    except Exception:
        _log.exception("a step of %s failed (%s in a row)", name, failures + 1)
    return StepOutcome.FAILED


def _rest(loop: Loop, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0 and not stopping.is_set():
        stopping.wait(min(left, STILL_THERE_SECONDS))
        loop.is_alive()
