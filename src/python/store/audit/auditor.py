"""Audits a living store again and again, and publishes what it finds: as metrics, and in the log."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from store.audit import metrics
from store.audit.audit import Result
from store.audit.checks.findings import Finding
from store.cli.errors import CannotProve
from store.server.errors import Unavailable
from store.server.process.lifecycle import stop_at_signals, stopping
from store.server.process.ops import OpsConfig, start_ops, stop_ops

_ORDER = re.compile(r"\border ([0-9a-f-]{36})")
_log = logging.getLogger(__name__)


def keep_auditing(look: Callable[[], Result], every: float, ops: OpsConfig) -> None:
    """Audit until SIGTERM, resting `every` seconds between two audits; leave at once, even amid one."""
    stop_at_signals()
    auditor = Auditor(look)
    server = start_ops(ops.bind, ops.ops_port, {"audit": auditor.refuse_if_blind})
    _log.info("the auditor looks every %g s", every)
    # An audit only reads, so nothing is lost when the process ends under it.
    threading.Thread(target=auditor.run, args=(every,), name="auditor", daemon=True).start()
    stopping.wait()
    stop_ops(server)
    _log.info("the auditor has stopped")


class Auditor:
    """Looks at a store with `look`, and remembers what it has logged of it."""

    def __init__(self, look: Callable[[], Result]) -> None:
        self._look = look
        self._trouble, self._blind = "", 0
        self._logged: frozenset[tuple[str, str]] = frozenset()

    def run(self, every: float) -> None:
        """Audit until the process is to stop."""
        while not stopping.is_set():
            self.audit()
            stopping.wait(self.rest(every))

    def rest(self, every: float) -> float:
        """Seconds until the next audit: fewer while it is blind, first 1 and then twice as many each time.

        It often starts beside a store that is only just starting, too.
        """
        return min(every, 2.0 ** min(self._blind - 1, 30)) if self._blind else every

    def audit(self) -> None:
        """Look once. What cannot be looked at is logged, and is no finding."""
        started = time.monotonic()
        try:
            result = self._look()
        except CannotProve as error:
            self._failed(error.message)
        except Exception:
            _log.exception("the audit broke off, which says nothing about the store")
            self._failed("the audit broke off; the log says why")
        else:
            self._done(result, time.monotonic() - started)

    def refuse_if_blind(self) -> None:
        """Unavailable, with the reason, if the last audit could not look."""
        if self._trouble:
            raise Unavailable(self._trouble)

    def _failed(self, reason: str) -> None:
        self._trouble, self._blind = reason, self._blind + 1
        metrics.RUNS.labels(metrics.FAILED).inc()
        _log.warning("audit: could not look", extra={"outcome": metrics.FAILED, "reason": reason})

    def _done(self, result: Result, seconds: float) -> None:
        self._trouble, self._blind = "", 0
        outcome = metrics.FOUND if result.found else metrics.CLEAN
        for tally in result.tallies:
            metrics.FINDINGS.labels(tally.name).set(tally.found)
        metrics.DURATION.set(seconds)
        metrics.LAST_RUN.set_to_current_time()
        metrics.RUNS.labels(outcome).inc()
        self._log_what_is_new(result)
        level = logging.ERROR if result.found else logging.INFO
        _log.log(level, "audit: %s", outcome, extra=_summary(result, outcome, seconds))

    def _log_what_is_new(self, result: Result) -> None:
        """A line for each finding that the audit before did not have."""
        now = {(name, found.subject): found for name, found in _findings(result)}
        for (name, _), found in now.items():
            if (name, found.subject) not in self._logged:
                _log.error("audit: found", extra=_facts(name, found))
        self._logged = frozenset(now)


def _findings(result: Result) -> Iterator[tuple[str, Finding]]:
    for tally in result.tallies:
        for finding in tally.findings:
            yield tally.name, finding


def _summary(result: Result, outcome: str, seconds: float) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "findings": result.found,
        "not_judged": result.not_judged,
        "duration_ms": round(seconds * 1000),
    }


def _facts(check: str, finding: Finding) -> dict[str, Any]:
    """What a finding says, for a log; `order_id` where it is about an order."""
    order = _ORDER.search(finding.subject)
    return {
        "check": check,
        "subject": finding.subject,
        "expected": finding.expected,
        "found": finding.found,
        **({"order_id": order[1]} if order else {}),
    }
