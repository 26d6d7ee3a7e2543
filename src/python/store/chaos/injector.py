"""Lets the mishaps of a storm happen, each at its time."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from store.chaos.faults import Kind, Mishap
from store.chaos.proxies.fault_rule import Ambush, Deed
from store.chaos.testbed import PAUSE_SECONDS, Ground

AMBUSH_SECONDS = 25.0  # how long an ambush waits for somebody to come that way
LOOK_SECONDS = 0.2
ELSE = "orders-work-1"  # who is killed if nobody does


class Wrecker:
    """Harms the processes of one ground.

    `harm` counts what was done by kind, `met` the kills at a step by their points. A kill
    at a step where nobody passes in time befalls a worker instead.
    """

    def __init__(
        self, ground: Ground, mishaps: Sequence[Mishap], *, patience: float = AMBUSH_SECONDS
    ) -> None:
        self._ground, self._mishaps, self._patience = ground, mishaps, patience
        self._over = threading.Event()
        self._counting = threading.Lock()
        self.harm = Counter[Kind]()
        self.met = Counter[str]()

    def wreak(self) -> None:
        """Let every mishap happen at its time; return when the last is over."""
        started = time.monotonic()
        with ThreadPoolExecutor(max(1, len(self._mishaps))) as pool:
            try:
                for done in [pool.submit(self._in_time, each, started) for each in self._mishaps]:
                    done.result()
            finally:
                self._over.set()

    def _in_time(self, mishap: Mishap, started: float) -> None:
        if self._over.wait(max(0.0, started + mishap.at - time.monotonic())):
            return
        if self._befalls(mishap):
            with self._counting:
                self.harm[mishap.kind] += 1

    def _befalls(self, mishap: Mishap) -> bool:
        """Do it; whether it befell somebody."""
        watch = self._ground.watch
        match mishap.kind:
            case Kind.KILL:
                watch.kill(mishap.what, mishap.seconds)
            case Kind.KILL_A_PART:
                watch.kill_a_part(mishap.what)
            case Kind.STALL:
                watch.stall(mishap.what, mishap.seconds)
            case Kind.RESTART:
                watch.restart(mishap.what)
            case Kind.KILL_AT | Kind.HARM_AT:
                return self._lie_in_wait(mishap)
            case Kind.GATEWAY:
                self._ground.confuse_gateway(mishap.what, mishap.seconds)
        return True

    def _lie_in_wait(self, mishap: Mishap) -> bool:
        """Whether it befell somebody."""
        ambush = self._ground.ambushes.lay(mishap.what, mishap.deed)
        met = self._has_met_somebody(ambush)
        if mishap.deed is not Deed.KILL:
            return met
        if met:
            with self._counting:
                self.met[mishap.what] += 1
        else:
            self._ground.watch.kill(ELSE, PAUSE_SECONDS)
        return True

    def _has_met_somebody(self, ambush: Ambush) -> bool:
        give_up = time.monotonic() + self._patience
        while not ambush.wait(LOOK_SECONDS):
            if self._over.is_set() or time.monotonic() > give_up:
                return False
        return True
