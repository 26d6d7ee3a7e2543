"""Shipping an order, and noting that it has arrived."""

from dataclasses import replace
from uuid import UUID

from store.auth.callers import Caller
from store.orders.errors import AlreadyShipped, NotDelivered, NotShippable
from store.orders.metrics import count_change
from store.orders.models.order import Order, Shipment
from store.orders.models.queries import order_for_update
from store.orders.models.states import State
from store.orders.models.tables import database
from store.orders.models.writes import Change, Event, save_locked, write_delivery, write_shipment
from store.server.clock import now
from store.server.ids import new_id


def ship_order(order_id: UUID, staff: Caller, carrier: str, tracking_number: str) -> Order:
    """The order, shipped; repeating it with the same parcel changes nothing."""
    with database.transaction():
        order = order_for_update(order_id)
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
        order = order_for_update(order_id)
        if order.state == State.DELIVERED:
            return order
        if order.state != State.SHIPPED or order.shipment is None:
            raise NotDelivered(order.state)
        at = now()
        parcel = replace(order.shipment, delivered_at=at)
        write_delivery(order.id, at)
        after = replace(order, state=State.DELIVERED, shipment=parcel)
        return _saved(order, Change(after, (Event("order.delivered"),)))


def _saved(order: Order, change: Change) -> Order:
    saved = save_locked(order, change)
    database.on_commit(lambda: count_change(order, saved))
    return saved


def _same_parcel(order: Order, parcel: Shipment, carrier: str, tracking_number: str) -> Order:
    if (parcel.carrier, parcel.tracking_number) != (carrier, tracking_number):
        raise AlreadyShipped
    return order
