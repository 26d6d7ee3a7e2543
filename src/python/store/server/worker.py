"""A process that does one thing over and over."""

import logging
from collections.abc import Callable, Mapping

from store.server.backoff import seconds_to_wait
from store.server.lifecycle import stop_at_signals, stopping
from store.server.ops import Check, OpsConfig, start_ops, stop_ops

LONGEST_REST_SECONDS = 10.0
"""So soon a loop is back at work, however long the database was away before."""

_log = logging.getLogger(__name__)


def run_worker(
    service: str,
    step: Callable[[], bool],
    ops: OpsConfig,
    ready: Mapping[str, Check],
    idle_seconds: float = 0.5,
) -> None:
    """Take one step after the other until SIGTERM; the step in hand is finished.

    `step` says whether it found something to do; after an idle one the worker rests.
    """
    stop_at_signals()
    server = start_ops(ops.bind, ops.ops_port, ready)
    _log.info("%s works", service)
    repeat(step, idle_seconds)
    stop_ops(server)
    _log.info("%s has stopped", service)


def repeat(step: Callable[[], bool], idle_seconds: float) -> None:
    """Take steps until `stopping`; a step that fails is logged and tried again, ever later."""
    failures = 0
    while not stopping.is_set():
        try:
            rest = 0.0 if step() else idle_seconds
            failures = 0
        except Exception:
            failures += 1
            _log.exception("a step failed (%s in a row)", failures)
            rest = seconds_to_wait(failures, LONGEST_REST_SECONDS)
        if rest:
            stopping.wait(rest)
