"""The client-view check: what buyers were told, compared with what the store has written down.

The audit compares the books with one another; only buyers know what the store has promised.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from store.loadtest.load.plan import Card, Fate
from store.loadtest.load.recorder import Promise
from store.orders.models.states import MOVES, State

CANCELLED = {str(Fate.CANCELLED_AT_ONCE), str(Fate.CANCELLED_LATER), str(Card.CHALLENGE_LEFT)}
REFUNDED = {str(fate) for fate in Fate if fate.startswith(("refunded", "returned"))}
STORED_ORDERS = """
SELECT o.id::text, o.state, (SELECT count(*) FROM order_events e WHERE e.order_id = o.id),
    (SELECT coalesce(sum(amount), 0) FROM refunds r WHERE r.order_id = o.id AND r.state = 'succeeded')
FROM orders o WHERE o.created_at >= %s
"""


@dataclass(frozen=True)
class StoredOrder:
    """An order as the store has it in the end."""

    state: State
    events: int
    refunded: int


def stored_orders(orders_url: str, since: object) -> Mapping[str, StoredOrder]:
    """Every order placed since then, by id."""
    with closing(psycopg2.connect(orders_url)) as connection, connection.cursor() as cursor:
        cursor.execute(STORED_ORDERS, (since,))
        return {
            order_id: StoredOrder(State(state), int(events), int(refunded))
            for order_id, state, events, refunded in cursor
        }


def broken_promises(
    promises: Sequence[Promise], orders: Mapping[str, StoredOrder]
) -> Iterator[str]:
    """A sentence for each buyer who was told what is not so, and for each order nobody asked for."""
    for promise in promises:
        if promise.order_id and (broken := _broken(promise, orders.get(promise.order_id))):
            yield f"order {promise.order_id} (key {promise.key}): {broken}"
    # A buyer who was never answered may have an order; all others know theirs.
    unanswered = sum(promise.seen_state == "unanswered" for promise in promises)
    unasked = sorted(set(orders) - {promise.order_id for promise in promises})
    if len(unasked) > unanswered:
        yield f"{len(unasked)} orders that nobody knows of, for {unanswered} unanswered: {unasked}"


def lost_events(
    orders: Mapping[str, StoredOrder], received: Mapping[str, list[int]]
) -> Iterator[str]:
    """A sentence for each order of which the subscriber has not received every event."""
    for order_id, order in orders.items():
        missing = set(range(1, order.events + 1)) - set(received.get(order_id, ()))
        if missing:
            yield f"order {order_id}: the subscriber never got its events {sorted(missing)}"


def _broken(promise: Promise, order: StoredOrder | None) -> str:
    if order is None:
        return f"the buyer was told it is {promise.seen_state}, and there is no such order"
    if order.state not in _possible_states(State(promise.seen_state), promise.intent):
        return f"the buyer was told it is {promise.seen_state}, and it is {order.state}"
    if order.refunded < promise.refunded:
        return f"{promise.refunded} were said to be refunded, and {order.refunded} are"
    return ""


def _possible_states(told: State, wanted: str) -> set[State]:
    """Which states may follow the one a buyer was told, given what the buyer wanted of the order."""
    asked = set(wanted.split())
    excluded = set() if asked & CANCELLED else {State.CANCELLED}
    excluded |= set() if asked & REFUNDED else {State.REFUNDED}
    reached, ahead = set[State](), {told}
    while ahead:
        reached |= ahead
        ahead = {after for state in ahead for after in MOVES[state]} - reached - excluded
    return reached
