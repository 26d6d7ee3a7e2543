"""Injects one fault after the other into a watched store, and sees which alerts fire."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from store.chaos.alarms.injector import PlannedFaultInjector
from store.chaos.alarms.plans import EXPECTED, Alarm, Fault
from store.chaos.alarms.watched_store import WatchedStore
from store.cli.errors import CannotProve

WARM_UP_SECONDS = 15.0  # in which rates come to have a past
MAX_WARM_UPS = 4
FIRE_SECONDS = 90.0
LINGER_SECONDS = 12.0  # in which what must not fire still might
CONTROL_SECONDS = 40.0  # without a fault: longer than any alert that pages looks back
QUIET_SECONDS = 90.0
POLL_INTERVAL_SECONDS = 0.5
# A budget that was burnt is not given back when the fault is healed: its alerts end when their windows
# have passed the fault.
BUDGET_ALERTS = "BudgetBurn"
FIRED = 'count by (alertname, severity) (count_over_time(ALERTS{alertstate="firing"}[1h]))'


@dataclass(frozen=True)
class AlarmResult:
    """What a fault fired until it was healed; seconds until all expected did, and until quiet."""

    fault: Fault
    fired: frozenset[Alarm]
    seconds_to_fire: float
    seconds_to_quiet: float
    still_firing: frozenset[Alarm] = frozenset()

    @property
    def is_well(self) -> bool:
        """Whether exactly what was expected has fired, and all of it went away again."""
        return not (self.missing or self.uncalled_for or self.still_firing)

    @property
    def missing(self) -> frozenset[Alarm]:
        """What should have fired."""
        return must_fire(self.fault) - self.fired

    @property
    def uncalled_for(self) -> frozenset[Alarm]:
        """What fired and should not have."""
        return self.fired - {each.alarm for each in EXPECTED[self.fault]}


def must_fire(fault: Fault) -> frozenset[Alarm]:
    """What has to fire, whatever the moment."""
    return frozenset(each.alarm for each in EXPECTED[fault] if not each.may)


class AlarmTrials:
    """The trials of one watched store, in which buyers come and go all the time."""

    def __init__(self, watched: WatchedStore, injector: PlannedFaultInjector) -> None:
        self._watched, self._injector = watched, injector

    def results(self, faults: Sequence[Fault], say: Callable[[str], None]) -> Iterator[AlarmResult]:
        """One for each fault, in this order; each begins without a past."""
        for fault in faults:
            say(f"{fault}: warming up")
            self._warm_up()
            say(f"{fault}: injected" if EXPECTED[fault] else f"{fault}: watching")
            yield self._result(fault)

    def _warm_up(self) -> None:
        """Forget the past until no alert fires; CannotProve if one always does."""
        for _ in range(MAX_WARM_UPS):
            self._watched.restart_prometheus()
            time.sleep(WARM_UP_SECONDS)
            fired = self._fired()
            if not fired:
                return
        raise CannotProve(
            f"{', '.join(map(str, sorted(fired)))} before anything was done: is the machine too slow "
            "for so many buyers? Let fewer come: --rate 0.5"
        )

    def _result(self, fault: Fault) -> AlarmResult:
        expected = must_fire(fault)
        with self._injector.injected(fault):
            to_fire = self._seconds_until(lambda: self._fired() >= expected, FIRE_SECONDS)
            time.sleep(LINGER_SECONDS if expected else CONTROL_SECONDS)
            # Not later: when all who waited rush in, that may fire alerts of its own.
            fired = self._fired()
        self._watched.store.wait_until_ready(QUIET_SECONDS)
        to_quiet = self._seconds_until(lambda: not self._firing(), QUIET_SECONDS)
        return AlarmResult(fault, fired, to_fire, to_quiet, self._firing())

    def _seconds_until(self, condition: Callable[[], bool], most: float) -> float:
        began = time.monotonic()
        while not condition() and time.monotonic() - began < most:
            time.sleep(POLL_INTERVAL_SECONDS)
        return time.monotonic() - began

    def _fired(self) -> frozenset[Alarm]:
        """Everything that has fired since this Prometheus watches."""
        return frozenset(
            Alarm(each.labels["alertname"], each.labels["severity"])
            for each in self._watched.prometheus.query(FIRED)
        )

    def _firing(self) -> frozenset[Alarm]:
        """What fires now and should end when the fault is healed."""
        labels = [
            each["labels"]
            for each in self._watched.prometheus.alerts()
            if each["state"] == "firing" and BUDGET_ALERTS not in each["labels"]["alertname"]
        ]
        return frozenset(Alarm(each["alertname"], each["severity"]) for each in labels)
