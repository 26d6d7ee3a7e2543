"""Asks a pod's probes for as long as the pod is there: whether it is ready, and should be killed."""

import threading
import time
from collections.abc import Sequence
from typing import Protocol

from store.chaos.containers.probes import Probe, probe_of
from store.charttest.objects import Container

POLL_INTERVAL_SECONDS = 0.1


class ProbedPod(Protocol):
    address: str
    container_name: str

    @property
    def alive(self) -> bool: ...

    @property
    def stalled(self) -> bool: ...

    @property
    def lives(self) -> int:
        """How often it was started."""


class ProbeRound:
    """One probe in one life of a container."""

    def __init__(self, probe: Probe, now: float) -> None:
        self.probe = probe
        self.due = now + probe.delay
        self.is_passed, self.has_failed = False, False
        self._last: bool | None = None
        self._in_a_row = 0

    def record(self, passed: bool, now: float) -> None:
        """Count an answer: what it says holds after so many of the same in a row as the probe asks for."""
        self._in_a_row = self._in_a_row + 1 if passed == self._last else 1
        self._last = passed
        if passed and self._in_a_row >= self.probe.successes:
            self.is_passed = True
        if not passed and self._in_a_row >= self.probe.failures:
            self.is_passed, self.has_failed = False, True
            self._in_a_row = 0
        self.due = now + self.probe.period


class Prober:
    """The probes of one pod, in a thread. `killings`: whenever kubelet would have killed it."""

    def __init__(self, pod: ProbedPod, container: Container) -> None:
        self._pod = pod
        self._startup = probe_of(container, "startupProbe")
        self._liveness = probe_of(container, "livenessProbe")
        self._readiness = probe_of(container, "readinessProbe")
        self._over = threading.Event()
        self._ready_in_life, self._left_life = 0, 0
        self._reason = "it has not started yet"
        self.killings: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to ask, in this life of the container and all that follow."""
        if not self._thread.is_alive():
            self._thread.start()

    def leave(self) -> None:
        """Ask no more in this life of the container: it is about to end, and gets no more traffic."""
        self._left_life = self._pod.lives

    def stop(self) -> None:
        """Never ask again."""
        self._over.set()

    def why_not_ready(self) -> str:
        """Why no traffic would be sent to it; "" if it would."""
        if not self._pod.alive:
            return "it has ended"
        if self._left_life == self._pod.lives:
            return "it is leaving"
        return "" if self._ready_in_life == self._pod.lives else self._reason

    def _run(self) -> None:
        while not self._over.is_set():
            if self._continues(self._pod.lives):
                self._live(self._pod.lives)

    def _live(self, life: int) -> None:
        """One life of the container, to its end."""
        starting = self._rounds(self._startup)
        while not all(each.is_passed for each in starting):
            self._ask_due(starting)
            if not self._continues(life):
                return
        rounds = self._rounds(self._liveness, self._readiness)
        while self._continues(life):
            self._ask_due(rounds)
            ready = all(each.is_passed for each in rounds if each.probe is self._readiness)
            self._ready_in_life = life if ready else 0

    def _rounds(self, *probes: Probe | None) -> Sequence[ProbeRound]:
        now = time.monotonic()
        return [ProbeRound(each, now) for each in probes if each]

    def _continues(self, life: int) -> bool:
        """Wait a little; whether it still is this life, and the pod is not leaving."""
        if self._over.wait(POLL_INTERVAL_SECONDS) or self._left_life == life:
            return False
        return self._pod.alive and self._pod.lives == life

    def _ask_due(self, rounds: Sequence[ProbeRound]) -> None:
        """Ask the probes that are due."""
        for each in rounds:
            if each.due > time.monotonic():
                continue
            passed = each.probe.is_passed(self._pod.address, self._pod.container_name)
            each.record(passed, time.monotonic())
            if not passed:
                self._reason = f"{each.probe} does not answer"
            if each.has_failed and each.probe is not self._readiness:
                each.has_failed = False
                # A stalled pod, or one that has just ended, cannot answer: that is no failure of its own.
                if self._pod.alive and not self._pod.stalled:
                    failed = each.probe
                    self.killings.append(f"{failed} failed {failed.failures} times in a row")
