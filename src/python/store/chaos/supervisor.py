"""Kills, stalls and restarts targets, and starts those again that have ended, as Kubernetes would."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

from store.chaos.targets import FaultTarget
from store.cli.errors import CannotProve, Trouble

POLL_INTERVAL_SECONDS = 0.1
BACKOFF_SECONDS = 1.0  # before one that ended by itself is started again


class Supervisor:
    """One thread for each target. Faults are counted; no target has two of them at once."""

    def __init__(self, targets: Mapping[str, FaultTarget]) -> None:
        self._targets = targets
        self._locks = {name: threading.RLock() for name in targets}
        self._start_at: dict[str, float] = {}
        self._over = threading.Event()
        self._counters_lock = threading.Lock()
        self.kills = Counter[str]()
        self.stalls = Counter[str]()
        self.restarts = Counter[str]()
        self.ended_by_themselves = Counter[str]()
        self._errors: list[Trouble | CannotProve] = []
        self._threads = [threading.Thread(target=self._supervise, args=(name,)) for name in targets]

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Supervise all until the block ends; then all are up again, or what kept one is raised."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()
        if self._errors:
            raise self._errors[0]

    def kill(self, name: str, pause: float = 0.0) -> None:
        """Kill -9 the whole target; it is started again after `pause` seconds.

        One that is dead is started for it: a kill that is counted has hit a living target.
        """
        with self._locks[name]:
            self._targets[name].start()
            self._targets[name].kill()
            self._start_at[name] = time.monotonic() + pause
        self._count(self.kills, name)

    def kill_child(self, name: str) -> None:
        """Kill -9 one of its children, which it has to restart itself; the whole if it has none."""
        with self._locks[name]:
            if not self._targets[name].kill_child():
                self.kill(name)
                return
        self._count(self.kills, name)

    def stall(self, name: str, seconds: float) -> None:
        """Stop it in the middle of its work, and let it go on later as if nothing had happened."""
        with self._locks[name]:
            target = self._targets[name]
            target.stall()
            self._over.wait(seconds)
            target.resume()
        self._count(self.stalls, name)

    def restart(self, name: str) -> None:
        """End it in order, and start it again."""
        with self._locks[name]:
            self._targets[name].end()
            self._start_at.pop(name, None)
            self._targets[name].start()
        self._count(self.restarts, name)

    def _count(self, counter: Counter[str], name: str) -> None:
        with self._counters_lock:
            counter[name] += 1

    def _supervise(self, name: str) -> None:
        while not self._over.wait(POLL_INTERVAL_SECONDS):
            with self._locks[name], self._recorded_errors():
                self._start_when_due(name)
        if not self._targets[name].alive:
            with self._recorded_errors():
                self._targets[name].start()

    @contextmanager
    def _recorded_errors(self) -> Iterator[None]:
        """Go on supervising, and report in the end which target did not start at once."""
        try:
            yield
        except (Trouble, CannotProve) as error:
            self._errors.append(error)

    def _start_when_due(self, name: str) -> None:
        if self._targets[name].alive:
            return
        if name not in self._start_at:
            self._count(self.ended_by_themselves, name)
            self._start_at[name] = time.monotonic() + BACKOFF_SECONDS
        if time.monotonic() >= self._start_at[name]:
            del self._start_at[name]
            self._targets[name].start()
