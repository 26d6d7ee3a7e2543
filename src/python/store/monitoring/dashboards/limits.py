"""The limits that panels draw: the objectives of the SLOs, and where the alerts begin.

A test compares them with grafana/rules, so that a panel's line is where its alert begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from store.monitoring.dashboards.colours import BAD, GOOD, NEUTRAL, WARNING
from store.monitoring.slos import BURNS, SLOS

ALARMS: Mapping[str, float] = {
    "AuditStale": 10800,
    "BackupStale": 93600,
    "DependencyFailing": 0.5,
    "EventLoopBlocked": 0.25,
    "FilesRunningOut": 0.8,
    "MailsLagging": 600,
    "OrdersStuck": 120,
    "RestartingOften": 3,
    "WebhooksLagging": 600,
    "WorkerStalled": 60,
}
"""The limit of each alert."""

BROWSE_SECONDS, CHECKOUT_SECONDS = 0.25, 1.0
"""How long 99 of 100 answers take at most, as slos.py promises it."""


@dataclass(frozen=True)
class Limit:
    """Steps of colour: a number is drawn in the colour of the highest step that it has reached."""

    lowest: str
    steps: tuple[tuple[float, str], ...] = ()
    may_be_negative: bool = False

    @classmethod
    def above(cls, bad: float, warning: float | None = None) -> "Limit":
        early = () if warning is None else ((warning, WARNING),)
        return cls(GOOD, (*early, (bad, BAD)))

    @classmethod
    def below(cls, bad: float) -> "Limit":
        """Too little is bad: all that is less than `bad`."""
        return cls(BAD, ((bad, GOOD),))

    @classmethod
    def left(cls, warning: float | None = None) -> "Limit":
        """Of what is left, less than nothing is bad, and little may be a warning."""
        steps = ((0, GOOD),) if warning is None else ((0, WARNING), (warning, GOOD))
        return cls(BAD, steps, may_be_negative=True)


def alarm(alert: str) -> Limit:
    return Limit.above(ALARMS[alert])


def burning(factor: str) -> Limit:
    """A budget that is used up so many times too fast."""
    return Limit.above(float(factor))


NONE = Limit(NEUTRAL)
"""A number that is neither good nor bad."""

ANY = Limit.above(1)
"""One is one too many."""

_MAY_FAIL = float(SLOS[0].budget)
ERRORS = Limit.above(round(float(BURNS["page"][0].factor) * _MAY_FAIL, 6), _MAY_FAIL)
"""Orange is more than we promise; red uses the budget of 30 days up so fast that somebody is paged."""

BROWSE, CHECKOUT = Limit.above(BROWSE_SECONDS), Limit.above(CHECKOUT_SECONDS)
BUDGET = Limit.left(warning=0.25)
SATURATED = Limit.above(1.0, 0.8)
KEY_LEFT = Limit.left()
ALL_UP = Limit.below(1.0)
