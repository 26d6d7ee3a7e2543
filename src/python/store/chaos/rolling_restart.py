"""A rolling restart: every process ends in order and starts again, one after the other."""

import time

from store.chaos.testbed import Testbed
from store.cli.errors import CannotProve

READY_SECONDS = 60.0
POLL_INTERVAL_SECONDS = 0.1
PAUSE_SECONDS = 0.5


class RollingRestart:
    """Restarts each target of a testbed once."""

    def __init__(self, testbed: Testbed) -> None:
        self._testbed = testbed
        self.restarts = 0

    def run(self) -> None:
        """Restart each one and wait until it is ready; CannotProve if one does not become so."""
        for name, target in self._testbed.store.targets.items():
            self._testbed.supervisor.restart(name)
            give_up = time.monotonic() + READY_SECONDS
            while reason := target.why_not_ready():
                if time.monotonic() > give_up:
                    raise CannotProve(f"{name} is not ready after its restart: {reason}")
                time.sleep(POLL_INTERVAL_SECONDS)
            self.restarts += 1
            time.sleep(PAUSE_SECONDS)
