"""Harms the processes of a store, and brings back whoever has died, as Kubernetes would."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from store.chaos.targets import Victim
from store.cli.errors import CannotProve
from store.devstack.errors import Trouble

LOOK_SECONDS = 0.1
RESTS_SECONDS = 1.0  # before one that ended by itself is started again


class Watch:
    """One guard for each process. Harming is counted; nobody is harmed in two ways at once."""

    def __init__(self, victims: Mapping[str, Victim]) -> None:
        self._victims = victims
        self._locks = {name: threading.RLock() for name in victims}
        self._back_at: dict[str, float] = {}
        self._over = threading.Event()
        self._counting = threading.Lock()
        self.kills = Counter[str]()
        self.stalls = Counter[str]()
        self.restarts = Counter[str]()
        self.ended_by_themselves = Counter[str]()
        self._troubles: list[Trouble | CannotProve] = []
        self._guards = [threading.Thread(target=self._guard, args=(name,)) for name in victims]

    @contextmanager
    def running(self) -> Iterator["Watch"]:
        """Guard everything until the block ends; then everybody is up again, or what kept one is raised."""
        for guard in self._guards:
            guard.start()
        try:
            yield self
        finally:
            self._over.set()
            for guard in self._guards:
                guard.join()
        if self._troubles:
            raise self._troubles[0]

    def kill(self, name: str, pause: float = 0.0) -> None:
        """Kill -9 the whole process; it comes back after `pause` seconds.

        One that is dead is started for it: a kill that is counted has hit somebody.
        """
        with self._locks[name]:
            self._victims[name].start()
            self._victims[name].kill()
            self._back_at[name] = time.monotonic() + pause
        self._count(self.kills, name)

    def kill_a_part(self, name: str) -> None:
        """Kill -9 one of its children, which it has to bring back itself; the whole if it has none."""
        with self._locks[name]:
            if not self._victims[name].kill_a_part():
                self.kill(name)
                return
        self._count(self.kills, name)

    def stall(self, name: str, seconds: float) -> None:
        """Stop it in its tracks, and let it go on later as if nothing had happened."""
        with self._locks[name]:
            victim = self._victims[name]
            victim.stall()
            self._over.wait(seconds)
            victim.go_on()
        self._count(self.stalls, name)

    def restart(self, name: str) -> None:
        """End it in order, and start it again."""
        with self._locks[name]:
            self._victims[name].end()
            self._back_at.pop(name, None)
            self._victims[name].start()
        self._count(self.restarts, name)

    def _count(self, counter: Counter[str], name: str) -> None:
        with self._counting:
            counter[name] += 1

    def _guard(self, name: str) -> None:
        while not self._over.wait(LOOK_SECONDS):
            with self._locks[name], self._noting_trouble():
                self._bring_back(name)
        if not self._victims[name].alive:
            with self._noting_trouble():
                self._victims[name].start()

    @contextmanager
    def _noting_trouble(self) -> Iterator[None]:
        """Go on guarding, and tell in the end who did not come back at once."""
        try:
            yield
        except (Trouble, CannotProve) as trouble:
            self._troubles.append(trouble)

    def _bring_back(self, name: str) -> None:
        if self._victims[name].alive:
            return
        if name not in self._back_at:
            self._count(self.ended_by_themselves, name)
            self._back_at[name] = time.monotonic() + RESTS_SECONDS
        if time.monotonic() >= self._back_at[name]:
            del self._back_at[name]
            self._victims[name].start()
