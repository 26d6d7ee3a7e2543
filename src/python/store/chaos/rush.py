"""A rush: many more buyers than units, all at one moment, through every replica."""

from collections import Counter
from collections.abc import Iterator, Sequence

from store.chaos.client_view import broken_promises, known_orders
from store.chaos.quiescence import wait_for_calm
from store.chaos.testbed import Ground
from store.chaos.verdict import Verdict, findings_of
from store.loadtest.load.recorder import Promise
from store.loadtest.load.rush import rush as buy_at_once
from store.server.clock import now

CALM_SECONDS = 60.0


def rush(ground: Ground, seed: int, buyers: int, units: int) -> Verdict:
    """Exactly the units there are get sold, and everybody else is told `out_of_stock`."""
    began, sku = now(), f"RUSH-{seed}"
    ground.goods(sku, units)
    recorder = buy_at_once(ground.api, ground.target, buyers, sku, seed=seed, customers=buyers)
    wait_for_calm(ground.orders_database, CALM_SECONDS)
    promises = recorder.promises
    told = Counter((promise.told_state, promise.reason) for promise in promises)
    facts = {
        "seed": str(seed),
        "buyers": f"{buyers:,}",
        "units": f"{units:,}",
        "confirmed": f"{told['confirmed', '']:,}",
        "out_of_stock": f"{told['rejected', 'out_of_stock']:,}",
        "seconds": f"{recorder.seconds:.1f}",
    }
    orders = known_orders(ground.orders_database, began)
    wrongs = [
        *miscounted(promises, units),
        *(
            f"{number:,} buyers saw a failure: {what}"
            for (_, what), number in recorder.failures.items()
        ),
        *broken_promises(promises, orders),
        *findings_of(ground.audit()),
    ]
    return Verdict("rush", facts, wrongs)


def miscounted(promises: Sequence[Promise], units: int) -> Iterator[str]:
    """Whatever buyers were told but `confirmed`, once for each unit, and `out_of_stock`."""
    told = Counter((promise.told_state, promise.reason) for promise in promises)
    expected = Counter({("confirmed", ""): min(units, len(promises))})
    expected["rejected", "out_of_stock"] = max(0, len(promises) - units)
    for state, reason in sorted(set(told) | set(+expected)):
        if told[state, reason] != expected[state, reason]:
            yield (
                f"{told[state, reason]:,} buyers were told {state} {reason}".rstrip()
                + f", not {expected[state, reason]:,}"
            )
