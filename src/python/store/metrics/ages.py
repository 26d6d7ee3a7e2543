"""Ages that a loop looks up now and then, and that must not stand still when it stops."""

import time
from collections.abc import Callable

from prometheus_client import Gauge

MISSED_LOOKS = 2
"""After so many the loop is away, or what it looks at is."""


class SeenAge:
    """A gauge of how old the oldest of something was when it was last looked at, in seconds.

    It goes on growing when nobody has looked for a while: what waited then counts as waiting still,
    since a gauge that stands still would hide a growing problem. What was nothing stays nothing.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trusted_seconds = MISSED_LOOKS * every_seconds
        self._clock = clock
        self._seen = (0.0, clock())
        Gauge(name, documentation).set_function(self.seconds)

    def see(self, seconds: float) -> None:
        """Note how old the oldest is now; 0 says that there is none."""
        self._seen = (seconds, self._clock())

    def seconds(self) -> float:
        """What the gauge shows."""
        age, seen_at = self._seen
        unseen = self._clock() - seen_at
        return age + unseen if age and unseen > self._trusted_seconds else age
