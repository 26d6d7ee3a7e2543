"""Cancelling an order, at any moment before it is shipped."""

import time
from dataclasses import replace
from uuid import UUID

from store.auth.callers import Caller
from store.orders.clients.shop import Shop
from store.orders.errors import NotCancellable
from store.orders.metrics import count_change
from store.orders.models.order import Order
from store.orders.models.queries import order_for_update
from store.orders.models.states import CANCELLABLE, State
from store.orders.models.tables import database
from store.orders.models.writes import Change, Event, save_locked
from store.orders.saga.engine import drive
from store.orders.saga.transitions import cancelled_if_requested
from store.orders.use_cases.access import refuse_strangers
from store.server.clock import now


def cancel_order(order_id: UUID, caller: Caller, shop: Shop, seconds: float) -> Order:
    """The order on its way to `cancelled`, or there; repeating it changes nothing.

    Whoever is at work on the order sees the wish before its next step; if nobody is, we are.
    """
    with database.transaction():
        order = order_for_update(order_id)
        refuse_strangers(order, caller)
        order = _wish_to_cancel(order, caller)
    return drive(order, shop, time.monotonic() + seconds)


def _wish_to_cancel(order: Order, caller: Caller) -> Order:
    if order.cancel_requested_at or order.state == State.CANCELLED:
        return order
    if order.state not in CANCELLABLE or order.ending:
        raise NotCancellable(order.state)
    wished = replace(order, cancel_requested_at=now(), cancel_requested_by=caller.id)
    change = Change(wished, (Event("order.cancel_requested", {"by": str(caller.id)}),))
    if order.lease is None:
        change = cancelled_if_requested(change, now())
    saved = save_locked(order, change)
    database.on_commit(lambda: count_change(order, saved))
    return saved
