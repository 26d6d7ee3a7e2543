"""What people were told, held against what is: the audit knows only what the store wrote down."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg2

from store.loadtest.load.plan import Card, Fate
from store.loadtest.load.recorder import Promise
from store.orders.models.states import MOVES, State

CALLED_OFF = {str(Fate.CANCELLED_AT_ONCE), str(Fate.CANCELLED_LATER), str(Card.CHALLENGE_LEFT)}
GIVEN_BACK = {str(fate) for fate in Fate if fate.startswith(("refunded", "returned"))}
KNOWN = """
SELECT o.id::text, o.state, (SELECT count(*) FROM order_events e WHERE e.order_id = o.id),
    (SELECT coalesce(sum(amount), 0) FROM refunds r WHERE r.order_id = o.id AND r.state = 'succeeded')
FROM orders o WHERE o.created_at >= %s
"""


@dataclass(frozen=True)
class Known:
    """An order as the store has it in the end."""

    state: State
    events: int
    refunded: int


def known_orders(orders_url: str, since: object) -> Mapping[str, Known]:
    """Every order placed since then, by id."""
    connection = psycopg2.connect(orders_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, (since,))
            return {
                order_id: Known(State(state), int(events), int(refunded))
                for order_id, state, events, refunded in cursor
            }
    finally:
        connection.close()


def broken_promises(promises: Sequence[Promise], orders: Mapping[str, Known]) -> Iterator[str]:
    """A sentence for each buyer who was told what is not so, and for each order nobody asked for."""
    for promise in promises:
        if promise.order_id and (broken := _broken(promise, orders.get(promise.order_id))):
            yield f"order {promise.order_id} (key {promise.key}): {broken}"
    told = {promise.order_id for promise in promises}
    # A buyer who was never answered may have an order; all others know theirs.
    unanswered = sum(promise.told_state == "unanswered" for promise in promises)
    unasked = sorted(set(orders) - told)
    if len(unasked) > unanswered:
        yield f"{len(unasked)} orders that nobody knows of, for {unanswered} unanswered: {unasked}"


def lost_events(orders: Mapping[str, Known], received: Mapping[str, list[int]]) -> Iterator[str]:
    """A sentence for each order of which the subscriber has not heard everything."""
    for order_id, order in orders.items():
        missing = set(range(1, order.events + 1)) - set(received.get(order_id, ()))
        if missing:
            yield f"order {order_id}: the subscriber never got its events {sorted(missing)}"


def _broken(promise: Promise, order: Known | None) -> str:
    if order is None:
        return f"the buyer was told it is {promise.told_state}, and there is no such order"
    if order.state not in _after(State(promise.told_state), promise.wanted):
        return f"the buyer was told it is {promise.told_state}, and it is {order.state}"
    if order.refunded < promise.refunded:
        return f"{promise.refunded} were said to be refunded, and {order.refunded} are"
    return ""


def _after(told: State, wanted: str) -> set[State]:
    """Where an order may honestly be, once it was told to be there and this was wanted of it."""
    asked = set(wanted.split())
    refused = set() if asked & CALLED_OFF else {State.CANCELLED}
    refused |= set() if asked & GIVEN_BACK else {State.REFUNDED}
    reached, ahead = set[State](), {told}
    while ahead:
        reached |= ahead
        ahead = {after for state in ahead for after in MOVES[state]} - reached - refused
    return reached
