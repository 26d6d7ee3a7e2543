"""Giving a buyer money back, in part or whole."""

import time
from dataclasses import replace
from uuid import UUID

from store.auth.callers import Caller
from store.database.idempotency import IdempotentRequest
from store.orders.clients.shop import Shop
from store.orders.errors import NotRefundable, TooMuchRefunded
from store.orders.metrics import count_change
from store.orders.models.order import Order
from store.orders.models.payment import Refund
from store.orders.models.queries import order_for_update, order_of, refunded_by
from store.orders.models.states import REFUNDABLE, Step
from store.orders.models.tables import database
from store.orders.models.writes import Change, Event, save_locked
from store.orders.saga.compensation import refund_returned
from store.orders.saga.engine import drive
from store.server.clock import now
from store.server.ids import new_id


def refund_order(
    order_id: UUID, staff: Caller, amount: int | None, reason: str, begun: IdempotentRequest
) -> Refund:
    """A refund of the amount, or of all that is left; TooMuchRefunded if less is left."""
    with database.transaction():
        order = order_for_update(order_id)
        if begun.resource_id is not None:
            return order.refund(UUID(begun.resource_id))
        refund = _new_refund(order, staff, amount, reason)
        facts = {"refund_id": str(refund.id), "amount": refund.amount, "reason": reason}
        after = replace(
            order, refunds=(*order.refunds, refund), step=order.step or Step.REPAY, attempts=0
        )
        saved = save_locked(order, Change(after, (Event("refund.requested", facts),)))
        database.on_commit(lambda: count_change(order, saved))
        begun.record(refund.id)
    return refund


def settled_refund(order_id: UUID, refund: Refund, shop: Shop, seconds: float) -> Refund:
    """The refund as far as it gets within `seconds`."""
    order = drive(order_of(order_id), shop, time.monotonic() + seconds)
    return order.refund(refund.id)


def doubt_refund(gateway_id: str, shop: Shop) -> None:
    """Look again at a refund that was believed to be made: a bank may send one back days later."""
    order = refunded_by(gateway_id)
    if order is None:
        return
    refund_id = next(refund.id for refund in order.refunds if refund.gateway_id == gateway_id)
    repayment = shop.payments.look_at_refund(gateway_id)
    if repayment.status in ("succeeded", "pending"):
        return
    with database.transaction():
        order = order_for_update(order.id)
        returned = order.refund(refund_id)
        if returned.state == "succeeded":
            change = refund_returned(order, returned, repayment.failure, now())
            saved = save_locked(order, change)
            database.on_commit(lambda: count_change(order, saved))


def _new_refund(order: Order, staff: Caller, amount: int | None, reason: str) -> Refund:
    if order.state not in REFUNDABLE or order.cancel_requested_at:
        raise NotRefundable(order.state)
    amount = order.refundable if amount is None else amount
    if not 0 < amount <= order.refundable:
        raise TooMuchRefunded(order.refundable)
    return Refund(new_id(), amount, reason, "pending", staff.id, now())
