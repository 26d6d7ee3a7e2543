"""What buyers and staff do with orders."""

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from store.auth.callers import Caller
from store.database.idempotency import Started
from store.orders.engine import drive, work_on
from store.orders.errors import (
    AlreadyShipped,
    LineRefused,
    NotCancellable,
    NotDelivered,
    NotRefundable,
    NotShippable,
    OrderNotFound,
    TooMuchRefunded,
)
from store.orders.giving_back import cancelled_if_wished
from store.orders.metrics import ORDERS, count_move
from store.orders.models import (
    Line,
    Order,
    Refund,
    Shipment,
    database,
    locked,
    order_of,
    orders_page,
)
from store.orders.moves import Change, Event, place, save, write_delivery, write_shipment
from store.orders.states import CANCELLABLE, REFUNDABLE, Reason, State, Step
from store.orders.steps import HOLD_SECONDS, Shop
from store.orders.timeline import ending_facts
from store.server.clock import now
from store.server.ids import new_id
from store.server.paging import Page, PageRequest, encode_cursor, page_of

ORDERS_BY_AGE = "orders"


@dataclass(frozen=True)
class Basket:
    """What somebody wants to buy, how he pays and where it goes."""

    currency: str
    lines: tuple[Line, ...]
    payment_method: str
    shipping_address: dict[str, str]


def place_order(buyer: Caller, basket: Basket, begun: Started, shop: Shop, seconds: float) -> Order:
    """An order as far as it gets within `seconds`; LineRefused if a line can never be sold.

    When an earlier request with the same Idempotency-Key has made the order and died, that one is
    taken to its end instead.
    """
    give_up_at = time.monotonic() + seconds
    if begun.resource_id is not None:
        order = order_of(UUID(begun.resource_id))
    else:
        order = _new_order(buyer, basket)
        with database.transaction():
            place(order)
            begun.record(order.id)
        ORDERS.labels(order.state, "").inc()
        order = work_on(order, shop, give_up_at)
    order = drive(order, shop, give_up_at)
    _refuse_bad_lines(order)
    return order


def order_for(order_id: UUID, caller: Caller) -> Order:
    """The order, if it is the caller's or he is staff; else OrderNotFound."""
    order = order_of(order_id)
    _refuse_strangers(order, caller)
    return order


def orders_for(
    caller: Caller, page: PageRequest, state: str | None, buyer_id: UUID | None
) -> Page[Order]:
    """The caller's orders, newest first; for staff everybody's, or one buyer's."""
    owner = buyer_id if caller.is_staff else caller.id
    rows = orders_page(owner, state, page)
    return page_of(rows, page.limit, lambda order: encode_cursor(ORDERS_BY_AGE, order.id))


def cancel_order(order_id: UUID, caller: Caller, shop: Shop, seconds: float) -> Order:
    """The order on its way to `cancelled`, or there; repeating it changes nothing.

    Whoever is at work on the order sees the wish before his next step; if nobody is, we are.
    """
    with database.transaction():
        order = locked(order_id)
        _refuse_strangers(order, caller)
        order = _wish_to_cancel(order, caller)
    return drive(order, shop, time.monotonic() + seconds)


def refund_order(
    order_id: UUID, staff: Caller, amount: int | None, reason: str, begun: Started
) -> Refund:
    """A refund of the amount, or of all that is left; TooMuchRefunded if less is left."""
    with database.transaction():
        order = locked(order_id)
        if begun.resource_id is not None:
            return _refund_of(order, UUID(begun.resource_id))
        refund = _new_refund(order, staff, amount, reason)
        facts = {"refund_id": str(refund.id), "amount": refund.amount, "reason": reason}
        after = replace(
            order, refunds=(*order.refunds, refund), step=order.step or Step.REPAY, attempts=0
        )
        save(order, Change(after, (Event("refund.requested", facts),)), mine=False)
        begun.record(refund.id)
    return refund


def settled_refund(order_id: UUID, refund: Refund, shop: Shop, seconds: float) -> Refund:
    """The refund as far as it gets within `seconds`."""
    return _refund_of(drive(order_of(order_id), shop, time.monotonic() + seconds), refund.id)


def ship_order(order_id: UUID, staff: Caller, carrier: str, tracking_number: str) -> Order:
    """The order, shipped; repeating it with the same parcel changes nothing."""
    with database.transaction():
        order = locked(order_id)
        if order.shipment is not None:
            return _same_parcel(order, order.shipment, carrier, tracking_number)
        if order.state != State.CONFIRMED or order.cancel_requested_at:
            raise NotShippable(order.state)
        parcel = Shipment(new_id(), carrier, tracking_number, staff.id, now(), None)
        after = replace(order, state=State.SHIPPED, shipment=parcel)
        write_shipment(after)
        facts = {"carrier": carrier, "tracking_number": tracking_number}
        return _saved(order, Change(after, (Event("order.shipped", facts),)))


def deliver_order(order_id: UUID) -> Order:
    """The shipped order, delivered; repeating it changes nothing."""
    with database.transaction():
        order = locked(order_id)
        if order.state == State.DELIVERED:
            return order
        if order.state != State.SHIPPED or order.shipment is None:
            raise NotDelivered(order.state)
        at = now()
        parcel = replace(order.shipment, delivered_at=at)
        write_delivery(order.id, at)
        after = replace(order, state=State.DELIVERED, shipment=parcel)
        return _saved(order, Change(after, (Event("order.delivered"),)))


def _new_order(buyer: Caller, basket: Basket) -> Order:
    at = now()
    return Order(
        id=new_id(),
        buyer_id=buyer.id,
        state=State.PENDING,
        **vars(basket),
        step=Step.RESERVE,
        lease=new_id(),
        expires_at=at + timedelta(seconds=HOLD_SECONDS),
        created_at=at,
        updated_at=at,
    )


def _refuse_bad_lines(order: Order) -> None:
    """Raise LineRefused if the order ends because a line asks for what the shop does not sell."""
    if order.reason not in (Reason.UNKNOWN_SKU, Reason.NOT_FOR_SALE):
        return
    sku = ending_facts(order.id).get("sku")
    positions = (number for number, line in enumerate(order.lines) if line.sku == sku)
    raise LineRefused(next(positions, 0), order.reason)


def _refuse_strangers(order: Order, caller: Caller) -> None:
    # As if it did not exist: a stranger must not learn which ids are taken.
    if order.buyer_id != caller.id and not caller.is_staff:
        raise OrderNotFound


def _wish_to_cancel(order: Order, caller: Caller) -> Order:
    if order.cancel_requested_at or order.state == State.CANCELLED:
        return order
    if order.state not in CANCELLABLE or order.ending:
        raise NotCancellable(order.state)
    wished = replace(order, cancel_requested_at=now(), cancel_requested_by=caller.id)
    change = Change(wished, (Event("order.cancel_requested", {"by": str(caller.id)}),))
    if order.lease is None:
        change = cancelled_if_wished(change, now())
    return _saved(order, change)


def _new_refund(order: Order, staff: Caller, amount: int | None, reason: str) -> Refund:
    if order.state not in REFUNDABLE or order.cancel_requested_at:
        raise NotRefundable(order.state)
    amount = order.refundable if amount is None else amount
    if not 0 < amount <= order.refundable:
        raise TooMuchRefunded(order.refundable)
    return Refund(new_id(), amount, reason, "pending", staff.id, now())


def _refund_of(order: Order, refund_id: UUID) -> Refund:
    return next(refund for refund in order.refunds if refund.id == refund_id)


def _same_parcel(order: Order, parcel: Shipment, carrier: str, tracking_number: str) -> Order:
    if (parcel.carrier, parcel.tracking_number) != (carrier, tracking_number):
        raise AlreadyShipped
    return order


def _saved(order: Order, change: Change) -> Order:
    """The changed order; it is locked, so nobody can have come between."""
    saved = save(order, change, mine=False)
    if saved is None:
        raise LookupError(f"order {order.id} changed under its lock")
    count_move(order, saved)
    return saved
