"""From where on a number is a worry: what we promise (the SLOs), and where the alerts begin.

A panel draws the same line that the rule in grafana/rules draws; a test compares the two.
"""

from dataclasses import dataclass

from store.monitoring.dashboards.colours import BAD, GOOD, WARNING


@dataclass(frozen=True)
class Limit:
    """Steps of colour: a number is drawn in the colour of the highest step that it has reached."""

    lowest: str
    steps: tuple[tuple[float, str], ...] = ()

    @classmethod
    def above(cls, bad: float, warning: float | None = None) -> "Limit":
        """Too much is bad."""
        early = () if warning is None else ((warning, WARNING),)
        return cls(GOOD, (*early, (bad, BAD)))

    @classmethod
    def below(cls, bad: float, warning: float | None = None) -> "Limit":
        """Too little is bad: all that is less than `bad`."""
        if warning is None:
            return cls(BAD, ((bad, GOOD),))
        return cls(BAD, ((bad, WARNING), (warning, GOOD)))


NONE = Limit(GOOD)
"""A number that is neither good nor bad."""

ANY = Limit.above(1)
"""One is one too many."""

PROMISED_ERRORS, PAGED_ERRORS = 0.001, 14.4 * 0.001
ERRORS = Limit.above(PAGED_ERRORS, PROMISED_ERRORS)
"""1 in 1000 requests may fail; 14.4 times that uses the month's budget up in two days."""

BROWSE_SECONDS, CHECKOUT_SECONDS = 0.25, 1.0
BROWSE = Limit.above(BROWSE_SECONDS)
CHECKOUT = Limit.above(CHECKOUT_SECONDS)


def burning(factor: str) -> Limit:
    """A budget used up so many times too fast."""
    return Limit.above(float(factor))


BUDGET = Limit.below(0.0, 0.25)

SATURATED = Limit.above(1.0, 0.8)
FILES = Limit.above(0.8)
EVENT_LOOP = Limit.above(0.25)
FAILING_DEPENDENCY = Limit.above(0.5)
STALLED_SECONDS = 60.0
STALLED = Limit.above(STALLED_SECONDS)
STALE_AUDIT = Limit.above(3600.0)
ALL_UP = Limit.below(1.0)

STUCK_ORDER = Limit.above(120.0)
LAGGING_WEBHOOK = Limit.above(600.0)
LAGGING_MAIL = Limit.above(600.0)
KEY_LEFT = Limit.below(0.0)
