"""Asks a pod's probes for as long as the pod is there, and knows what follows from the answers."""

import threading
import time
from collections.abc import Sequence
from typing import Protocol

from store.chaos.containers.probes import Probe, probe_of
from store.charttest.objects import Container

LOOK_SECONDS = 0.1


class Asked(Protocol):
    """Whose probes they are."""

    address: str
    container_name: str

    @property
    def alive(self) -> bool: ...

    @property
    def stalled(self) -> bool: ...

    @property
    def lives(self) -> int:
        """How often it was started."""


class Round:
    """One probe in one life of a container."""

    def __init__(self, probe: Probe, now: float) -> None:
        self.probe = probe
        self.due = now + probe.delay
        self.is_passed, self.has_failed = False, False
        self._last: bool | None = None
        self._in_a_row = 0

    def note(self, passed: bool, now: float) -> None:
        """What it has come to, after so many of the same in a row as it wants."""
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

    def __init__(self, pod: Asked, container: Container) -> None:
        self._pod = pod
        self._startup = probe_of(container, "startupProbe")
        self._liveness = probe_of(container, "livenessProbe")
        self._readiness = probe_of(container, "readinessProbe")
        self._over = threading.Event()
        self._ready_in_life, self._left_life = 0, 0
        self._waits_for = "it has not started yet"
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
        return "" if self._ready_in_life == self._pod.lives else self._waits_for

    def _run(self) -> None:
        while not self._over.is_set():
            if self._goes_on(self._pod.lives):
                self._live(self._pod.lives)

    def _live(self, life: int) -> None:
        """One life of the container, to its end."""
        starting = self._rounds(self._startup)
        while not all(each.is_passed for each in starting):
            self._put(starting)
            if not self._goes_on(life):
                return
        rounds = self._rounds(self._liveness, self._readiness)
        while self._goes_on(life):
            self._put(rounds)
            ready = all(each.is_passed for each in rounds if each.probe is self._readiness)
            self._ready_in_life = life if ready else 0

    def _rounds(self, *probes: Probe | None) -> Sequence[Round]:
        now = time.monotonic()
        return [Round(each, now) for each in probes if each]

    def _goes_on(self, life: int) -> bool:
        """Wait a little; whether it still is this life, and nobody wants it to end."""
        if self._over.wait(LOOK_SECONDS) or self._left_life == life:
            return False
        return self._pod.alive and self._pod.lives == life

    def _put(self, rounds: Sequence[Round]) -> None:
        """Ask those that are due."""
        for each in rounds:
            if each.due > time.monotonic():
                continue
            passed = each.probe.is_passed(self._pod.address, self._pod.container_name)
            each.note(passed, time.monotonic())
            if not passed:
                self._waits_for = f"{each.probe} does not answer"
            if each.has_failed and each.probe is not self._readiness:
                self._note_killing(each)

    def _note_killing(self, failed: Round) -> None:
        failed.has_failed = False
        # That one which we hold still, or which has just ended, does not answer is no news.
        if self._pod.alive and not self._pod.stalled:
            self.killings.append(f"{failed.probe} failed {failed.probe.failures} times in a row")
