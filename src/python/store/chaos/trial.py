"""A trial: buyers come and go while faults are injected, and then the store must become quiescent."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from store.chaos.client_view import StoredOrder, broken_promises, lost_events, stored_orders
from store.chaos.quiescence import PendingWork, wait_until_quiescent
from store.chaos.subscriber import ReactionShares
from store.chaos.testbed import Testbed
from store.chaos.verdict import findings_of
from store.loadtest.load.recorder import Recorder
from store.loadtest.load.traffic import Traffic
from store.server.clock import now

REACTIONS = ReactionShares(refused=0.1, late=0.01, hung_up=0.05)
POSTGRES = re.compile(r"postgres|.+-db-\d+")
ShowProgress = Callable[[Recorder], None]


@dataclass(frozen=True)
class TrialResult:
    """How everything stands after a trial."""

    recorder: Recorder
    orders: Mapping[str, StoredOrder]
    seconds_to_quiet: float
    pending: PendingWork
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
            "of PostgreSQL": f"{kills_of_postgres(self.kills):,}",
            "retries": f"{retries:,}",
            "events": f"{sum(order.events for order in self.orders.values()):,}",
            "quiet after": f"{self.seconds_to_quiet:.0f} s",
        }


def kills_of_postgres(kills: Mapping[str, int]) -> int:
    """How many of these have hit a PostgreSQL, that of this machine or one of a release."""
    return sum(number for name, number in kills.items() if POSTGRES.fullmatch(name))


class Trial:
    """One trial on a testbed; it must be quiescent `quiet_seconds` after the last fault."""

    def __init__(self, testbed: Testbed, quiet_seconds: float) -> None:
        self._testbed, self._quiet_seconds = testbed, quiet_seconds

    def run(
        self, traffic: Traffic, inject: Callable[[], None], show_progress: ShowProgress
    ) -> TrialResult:
        """Let the traffic run while `inject` breaks things, then wait until nothing is left to do."""
        testbed = self._testbed
        began, kills_before = now(), testbed.supervisor.kills.copy()
        traffic.prepare()
        testbed.subscriber.react(REACTIONS)
        with ThreadPoolExecutor(1) as pool:
            injecting = pool.submit(self._inject, inject, traffic)
            recorder = traffic.run(show_progress)
            ended = injecting.result()
        left = max(0.0, self._quiet_seconds - (time.monotonic() - ended))
        pending = wait_until_quiescent(testbed.orders_database, left)
        seconds = time.monotonic() - ended
        orders = stored_orders(testbed.orders_database, began)
        kills = testbed.supervisor.kills - kills_before
        return TrialResult(recorder, orders, seconds, pending, kills)

    def wrongs(self, result: TrialResult) -> Iterator[str]:
        """A sentence for everything that must not be."""
        if not result.pending.is_done or result.seconds_to_quiet > self._quiet_seconds + 1:
            yield f"not quiescent after {result.seconds_to_quiet:.0f} s: {result.pending}"
        for (action, what), number in result.recorder.failures.items():
            yield f"{number:,} buyers saw a failure: {action}: {what}"
        yield from broken_promises(result.recorder.promises, result.orders)
        subscriber = self._testbed.subscriber
        yield from lost_events(result.orders, subscriber.received())
        yield from subscriber.out_of_order()
        if bad := subscriber.bad_signatures:
            yield f"{bad:,} webhooks came with a bad signature"
        yield from findings_of(self._testbed.audit())

    def _inject(self, inject: Callable[[], None], traffic: Traffic) -> float:
        """Break things, then stop all faults; when that began."""
        try:
            inject()
        except BaseException:
            traffic.stop()
            raise
        finally:
            self._testbed.stop_faults()
        return time.monotonic()
