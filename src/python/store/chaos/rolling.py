"""A rolling restart: every process ends in order and starts again, one after the other."""

import time

from store.chaos.testbed import Ground
from store.cli.errors import CannotProve

READY_SECONDS = 60.0
LOOK_SECONDS = 0.1
REST_SECONDS = 0.5


class Roll:
    """Once around the processes of a ground."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.restarts = 0

    def around(self) -> None:
        """Restart each one and wait until it is ready; CannotProve if one does not come back."""
        for name, victim in self._ground.store.victims.items():
            self._ground.watch.restart(name)
            give_up = time.monotonic() + READY_SECONDS
            while reason := victim.why_not_ready():
                if time.monotonic() > give_up:
                    raise CannotProve(f"{name} does not come back: {reason}")
                time.sleep(LOOK_SECONDS)
            self.restarts += 1
            time.sleep(REST_SECONDS)
