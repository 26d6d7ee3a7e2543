"""Who may see which orders."""

from uuid import UUID

from store.auth.callers import Caller
from store.orders.errors import OrderNotFound
from store.orders.models.order import Order
from store.orders.models.queries import order_of, orders_page
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of

ORDERS_BY_AGE = "orders"


def order_for(order_id: UUID, caller: Caller) -> Order:
    """The order, if it is the caller's or the caller is staff; else OrderNotFound."""
    order = order_of(order_id)
    refuse_strangers(order, caller)
    return order


def orders_for(
    caller: Caller, page: PageRequest, state: str | None, buyer_id: UUID | None
) -> Page[Order]:
    """The caller's orders, newest first; for staff everybody's, or one buyer's."""
    owner = buyer_id if caller.is_staff else caller.id
    rows = orders_page(owner, state, page)
    return page_of(rows, page.limit, lambda order: encode_cursor(ORDERS_BY_AGE, order.id))


def refuse_strangers(order: Order, caller: Caller) -> None:
    """Raise OrderNotFound unless the order is the caller's or the caller is staff."""
    # As if it did not exist: a stranger must not learn which ids are taken.
    if order.buyer_id != caller.id and not caller.is_staff:
        raise OrderNotFound
