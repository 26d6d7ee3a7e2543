"""A trial: buyers come and go, somebody breaks the store under them, and then it must come to rest."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from store.chaos.client_view import Known, broken_promises, known_orders, lost_events
from store.chaos.quiescence import Unrest, wait_for_calm
from store.chaos.subscriber import Manners
from store.chaos.testbed import Ground
from store.chaos.verdict import findings_of
from store.loadtest.load.recorder import Recorder
from store.loadtest.load.traffic import Traffic
from store.server.clock import now

MANNERS = Manners(refused=0.1, late=0.01, hung_up=0.05)
POSTGRES = re.compile(r"postgres|.+-db-\d+")
Shown = Callable[[Recorder], None]


@dataclass(frozen=True)
class Aftermath:
    """How everything stands after a trial."""

    recorder: Recorder
    orders: Mapping[str, Known]
    seconds_to_calm: float
    unrest: Unrest
    kills: Counter[str]

    @property
    def facts(self) -> Mapping[str, str]:
        """What a table shows of it."""
        states = Counter(str(order.state) for order in self.orders.values())
        retries = sum(each.retries for each in self.recorder.measured.values())
        return {
            "orders": f"{len(self.orders):,}",
            **{state: f"{states[state]:,}" for state in ("confirmed", "rejected", "cancelled")},
            "kills": f"{self.kills.total():,}",
            "of PostgreSQL": f"{of_postgres(self.kills):,}",
            "retries": f"{retries:,}",
            "events": f"{sum(order.events for order in self.orders.values()):,}",
            "calm after": f"{self.seconds_to_calm:.0f} s",
        }


def of_postgres(kills: Mapping[str, int]) -> int:
    """How many of these have hit a PostgreSQL, that of this machine or one of a release."""
    return sum(number for name, number in kills.items() if POSTGRES.fullmatch(name))


class Trial:
    """One trial on a ground; it must be calm `calm_seconds` after the breaking ends."""

    def __init__(self, ground: Ground, calm_seconds: float) -> None:
        self._ground, self._calm_seconds = ground, calm_seconds

    def run(self, traffic: Traffic, wreak: Callable[[], None], shown: Shown) -> Aftermath:
        """Let the traffic run while `wreak` breaks things, then wait until nothing is left to do."""
        began, kills_before = now(), self._ground.watch.kills.copy()
        traffic.prepare()
        self._ground.subscriber.misbehave(MANNERS)
        with ThreadPoolExecutor(1) as beside:
            wrecking = beside.submit(self._wreak, wreak, traffic)
            recorder = traffic.run(shown)
            ended = wrecking.result()
        left = max(0.0, self._calm_seconds - (time.monotonic() - ended))
        unrest = wait_for_calm(self._ground.orders_database, left)
        seconds = time.monotonic() - ended
        orders = known_orders(self._ground.orders_database, began)
        return Aftermath(recorder, orders, seconds, unrest, self._ground.watch.kills - kills_before)

    def wrongs(self, after: Aftermath) -> Iterator[str]:
        """A sentence for everything that must not be."""
        if not after.unrest.is_over or after.seconds_to_calm > self._calm_seconds + 1:
            yield f"not at rest after {after.seconds_to_calm:.0f} s: {after.unrest}"
        for (action, what), number in after.recorder.failures.items():
            yield f"{number:,} buyers saw a failure: {action}: {what}"
        yield from broken_promises(after.recorder.promises, after.orders)
        yield from lost_events(after.orders, self._ground.subscriber.received())
        yield from self._ground.subscriber.out_of_order()
        if bad := self._ground.subscriber.bad_signatures:
            yield f"{bad:,} webhooks came with a bad signature"
        yield from findings_of(self._ground.audit())

    def _wreak(self, wreak: Callable[[], None], traffic: Traffic) -> float:
        """Break things, then make fair weather; when that began."""
        try:
            wreak()
        except BaseException:
            traffic.stop()
            raise
        finally:
            self._ground.make_fair_weather()
        return time.monotonic()
