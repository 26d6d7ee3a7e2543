"""A rush: many more buyers than units, all at one moment, through every replica."""

from collections import Counter
from collections.abc import Iterator, Sequence

from store.chaos.client_view import broken_promises, stored_orders
from store.chaos.quiescence import wait_until_quiescent
from store.chaos.testbed import Testbed
from store.chaos.verdict import Verdict, findings_of
from store.loadtest.load.recorder import Promise
from store.loadtest.load.rush import rush as buy_at_once
from store.server.clock import now

QUIET_SECONDS = 60.0


def rush(testbed: Testbed, seed: int, buyers: int, units: int) -> Verdict:
    """Exactly the units there are get sold, and everybody else is told `out_of_stock`."""
    began, sku = now(), f"RUSH-{seed}"
    testbed.put_on_sale(sku, units)
    recorder = buy_at_once(testbed.api, testbed.target, buyers, sku, seed=seed, customers=buyers)
    wait_until_quiescent(testbed.orders_database, QUIET_SECONDS)
    promises = recorder.promises
    told = Counter((promise.seen_state, promise.reason) for promise in promises)
    facts = {
        "seed": str(seed),
        "buyers": f"{buyers:,}",
        "units": f"{units:,}",
        "confirmed": f"{told['confirmed', '']:,}",
        "out_of_stock": f"{told['rejected', 'out_of_stock']:,}",
        "seconds": f"{recorder.seconds:.1f}",
    }
    orders = stored_orders(testbed.orders_database, began)
    wrongs = [
        *miscounted(promises, units),
        *(
            f"{number:,} buyers saw a failure: {what}"
            for (_, what), number in recorder.failures.items()
        ),
        *broken_promises(promises, orders),
        *findings_of(testbed.audit()),
    ]
    return Verdict("rush", facts, wrongs)


def miscounted(promises: Sequence[Promise], units: int) -> Iterator[str]:
    """Whatever buyers were told but `confirmed`, once for each unit, and `out_of_stock`."""
    told = Counter((promise.seen_state, promise.reason) for promise in promises)
    expected = Counter({("confirmed", ""): min(units, len(promises))})
    expected["rejected", "out_of_stock"] = max(0, len(promises) - units)
    for state, reason in sorted(set(told) | set(+expected)):
        if told[state, reason] != expected[state, reason]:
            yield (
                f"{told[state, reason]:,} buyers were told {state} {reason}".rstrip()
                + f", not {expected[state, reason]:,}"
            )
