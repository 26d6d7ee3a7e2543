"""Cancelling an order, at any moment before it is shipped."""

import time
from dataclasses import replace
from uuid import UUID

from store.auth.callers import Caller
from store.orders.engine import drive
from store.orders.errors import NotCancellable
from store.orders.giving_back import cancelled_if_wished
from store.orders.models import Order, database, locked
from store.orders.moves import Change, Event, save_locked
from store.orders.reading import refuse_strangers
from store.orders.states import CANCELLABLE, State
from store.orders.steps import Shop
from store.server.clock import now


def cancel_order(order_id: UUID, caller: Caller, shop: Shop, seconds: float) -> Order:
    """The order on its way to `cancelled`, or there; repeating it changes nothing.

    Whoever is at work on the order sees the wish before his next step; if nobody is, we are.
    """
    with database.transaction():
        order = locked(order_id)
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
        change = cancelled_if_wished(change, now())
    return save_locked(order, change)
