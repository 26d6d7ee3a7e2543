"""Placing an order."""

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from store.auth.callers import Caller
from store.database.idempotency import IdempotentRequest
from store.orders.clients.shop import Shop
from store.orders.errors import LineRefused
from store.orders.metrics import count_placed
from store.orders.models.order import Line, Order
from store.orders.models.queries import order_of
from store.orders.models.states import Reason, State, Step
from store.orders.models.tables import database
from store.orders.models.timeline import ending_facts
from store.orders.models.writes import insert_order
from store.orders.saga.engine import drive, work_on
from store.orders.saga.forward import HOLD_SECONDS
from store.server.clock import now
from store.server.ids import new_id
from store.server.telemetry import context


@dataclass(frozen=True)
class Basket:
    """What somebody wants to buy, how it is paid and where it goes."""

    currency: str
    lines: tuple[Line, ...]
    payment_method: str
    shipping_address: dict[str, str]


def place_order(
    buyer: Caller, basket: Basket, begun: IdempotentRequest, shop: Shop, seconds: float
) -> Order:
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
            order = insert_order(order)
            database.on_commit(lambda: count_placed(order))
            begun.record(order.id)
        order = work_on(order, shop, give_up_at)
    order = drive(order, shop, give_up_at)
    _refuse_bad_lines(order)
    return order


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
        traceparent=context.carried() or None,
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
