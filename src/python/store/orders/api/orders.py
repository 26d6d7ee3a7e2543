"""Orders over HTTP, for buyers; staff may read everybody's."""

from typing import Any
from uuid import UUID

from flask import Response, request

from store.auth.http import current_caller, login_required
from store.database.idempotency import IdempotentRequest
from store.orders.api.answers import answer_once, dependencies, shown, shown_order
from store.orders.api.schemas import (
    EventOut,
    KeyHeaders,
    LastEventHeaders,
    OrderArgs,
    OrderOut,
    PlaceOrderIn,
)
from store.orders.errors import LineRefused
from store.orders.models.order import Order
from store.orders.use_cases.access import ORDERS_BY_AGE, order_for, orders_for
from store.orders.use_cases.cancellation import cancel_order
from store.orders.use_cases.placement import Basket, place_order
from store.orders.use_cases.timeline import TIMELINE, is_over, live_timeline, timeline_page
from store.server.http.blueprint import Blueprint
from store.server.http.etags import tagged
from store.server.http.pages import Page, page_request
from store.server.http.problems import answer_store_error
from store.server.http.schemas import PageArgs, page_schema

EVENT_STREAM = "text/event-stream"

orders = Blueprint("orders", __name__, url_prefix="/v1", description="Orders and their timelines")
_events = page_schema(EventOut)()


@orders.post("/orders")
@login_required
@orders.arguments(KeyHeaders, location="headers")
@orders.arguments(PlaceOrderIn)
@orders.response(201, OrderOut, description="Confirmed, rejected, or waiting for the buyer to pay.")
@orders.alt_response(202, schema=OrderOut, description="Still on its way; ask for it at Location.")
def place(headers: dict[str, str], basket: Basket) -> Response:
    """Place an order. Sent again with the same Idempotency-Key, it answers the same and does nothing."""
    buyer, needs = current_caller(), dependencies()

    def work(begun: IdempotentRequest) -> Response:
        try:
            order = place_order(buyer, basket, begun, needs.shop, needs.place_seconds)
        except LineRefused as refusal:
            # An answer like any other: the order exists, as rejected, and a retry gets the same.
            return answer_store_error(refusal)
        return shown_order(order, 201)

    return answer_once(headers["key"], work)


@orders.get("/orders")
@login_required
@orders.arguments(OrderArgs, location="query")
@orders.response(200, page_schema(OrderOut))
def list_orders(args: dict[str, Any]) -> Page[Order]:
    """The caller's orders, newest first; for staff everybody's, by state and buyer."""
    page = page_request(ORDERS_BY_AGE, args, UUID)
    return orders_for(current_caller(), page, args["state"], args["buyer"])


@orders.get("/orders/<uuid:order_id>")
@login_required
@orders.response(200, OrderOut)
def show(order_id: UUID) -> tuple[Order, dict[str, str]]:
    """One order, with the ETag of its version."""
    order = order_for(order_id, current_caller())
    return tagged(order, order.version)


@orders.post("/orders/<uuid:order_id>/cancel")
@login_required
@orders.response(200, OrderOut)
@orders.alt_response(202, schema=OrderOut, description="Being cancelled; ask for it at Location.")
def cancel(order_id: UUID) -> Response:
    """Cancel an order that has not been shipped: its stock and its money are given back."""
    needs = dependencies()
    order = cancel_order(order_id, current_caller(), needs.shop, needs.place_seconds)
    return shown_order(order, 200)


@orders.get("/orders/<uuid:order_id>/events")
@login_required
@orders.arguments(PageArgs, location="query")
@orders.arguments(LastEventHeaders, location="headers")
@orders.response(200, page_schema(EventOut))
@orders.alt_response(204, description="The live timeline has come to its end.")
def events(args: dict[str, Any], headers: dict[str, int], order_id: UUID) -> Response:
    """The timeline, oldest first; live when text/event-stream is asked for (with Last-Event-ID)."""
    order = order_for(order_id, current_caller())
    if request.accept_mimetypes.best_match(["application/json", EVENT_STREAM]) != EVENT_STREAM:
        return shown(_events, timeline_page(order.id, page_request(TIMELINE, args, int)))
    return _live(order, headers["last_seen"])


def _live(order: Order, last_seen: int) -> Response:
    if is_over(order, last_seen):
        return Response(status=204)  # an EventSource does not come back then
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(live_timeline(order.id, last_seen), mimetype=EVENT_STREAM, headers=headers)
