"""Injects the faults of a storm, each at its time."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from store.chaos.faults import FaultKind, InjectedFault
from store.chaos.proxies.fault_rule import Effect
from store.chaos.testbed import PAUSE_SECONDS, Testbed

RULE_SECONDS = 25.0  # how long a rule waits for a call at its point
POLL_INTERVAL_SECONDS = 0.2
FALLBACK_TARGET = "orders-work-1"  # killed if no call comes


class FaultInjector:
    """Injects faults into the processes of one testbed.

    `injected` counts faults by kind, `points_hit` the kills at a point. A kill at a point where no
    call passes in time hits a worker instead.
    """

    def __init__(
        self,
        testbed: Testbed,
        faults: Sequence[InjectedFault],
        *,
        rule_seconds: float = RULE_SECONDS,
    ) -> None:
        self._testbed, self._faults, self._rule_seconds = testbed, faults, rule_seconds
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.injected = Counter[FaultKind]()
        self.points_hit = Counter[str]()

    def run(self) -> None:
        """Inject every fault at its time; return when the last is over."""
        started = time.monotonic()
        with ThreadPoolExecutor(max(1, len(self._faults))) as pool:
            try:
                for done in [
                    pool.submit(self._at_its_time, each, started) for each in self._faults
                ]:
                    done.result()
            finally:
                self._over.set()

    def _at_its_time(self, fault: InjectedFault, started: float) -> None:
        if self._over.wait(max(0.0, started + fault.at - time.monotonic())):
            return
        if self._inject(fault):
            with self._lock:
                self.injected[fault.kind] += 1

    def _inject(self, fault: InjectedFault) -> bool:
        """Whether the fault has hit something."""
        supervisor = self._testbed.supervisor
        match fault.kind:
            case FaultKind.KILL:
                supervisor.kill(fault.subject, fault.seconds)
            case FaultKind.KILL_CHILD:
                supervisor.kill_child(fault.subject)
            case FaultKind.STALL:
                supervisor.stall(fault.subject, fault.seconds)
            case FaultKind.RESTART:
                supervisor.restart(fault.subject)
            case FaultKind.KILL_AT | FaultKind.DISTURB_AT:
                return self._inject_at_a_point(fault)
            case FaultKind.GATEWAY:
                self._testbed.disturb_gateway(fault.subject, fault.seconds)
        return True

    def _inject_at_a_point(self, fault: InjectedFault) -> bool:
        rule = self._testbed.fault_rules.add(fault.subject, fault.effect)
        give_up = time.monotonic() + self._rule_seconds
        while not (hit := rule.wait(POLL_INTERVAL_SECONDS)):
            if self._over.is_set() or time.monotonic() > give_up:
                break
        if fault.effect is not Effect.KILL:
            return hit
        if hit:
            with self._lock:
                self.points_hit[fault.subject] += 1
        else:
            self._testbed.supervisor.kill(FALLBACK_TARGET, PAUSE_SECONDS)
        return True
