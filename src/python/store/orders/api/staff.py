"""What staff do with orders over HTTP."""

from typing import Any
from uuid import UUID

from flask import Response

from store.auth.callers import Role
from store.auth.http import current_caller, role_required
from store.database.idempotency import IdempotentRequest
from store.orders.api.answers import answer_once, dependencies, shown
from store.orders.api.schemas import KeyHeaders, OrderOut, RefundIn, RefundOut, ShipmentIn
from store.orders.models.order import Order
from store.orders.use_cases.refunds import refund_order, settled_refund
from store.orders.use_cases.shipments import deliver_order, ship_order
from store.server.http.blueprint import Blueprint

staff = Blueprint("staff", __name__, url_prefix="/v1/orders", description="Shipments and refunds")
_refund_out = RefundOut()


@staff.post("/<uuid:order_id>/shipments")
@role_required(Role.STAFF)
@staff.arguments(ShipmentIn)
@staff.response(201, OrderOut)
def ship(parcel: dict[str, str], order_id: UUID) -> Order:
    """Hand a confirmed order to a carrier. The same parcel again changes nothing."""
    return ship_order(order_id, current_caller(), **parcel)


@staff.post("/<uuid:order_id>/delivery")
@role_required(Role.STAFF)
@staff.response(200, OrderOut)
def deliver(order_id: UUID) -> Order:
    """Mark a shipped order as delivered."""
    return deliver_order(order_id)


@staff.post("/<uuid:order_id>/refunds")
@role_required(Role.STAFF)
@staff.arguments(KeyHeaders, location="headers")
@staff.arguments(RefundIn)
@staff.response(201, RefundOut, description="Given back, or refused by the bank: see its state.")
@staff.alt_response(202, schema=RefundOut, description="On its way; the order shows how it goes.")
def refund(headers: dict[str, str], wanted: dict[str, Any], order_id: UUID) -> Response:
    """Give the buyer money back: an amount, or all that is left. No stock comes back by this."""
    caller, needs = current_caller(), dependencies()

    def work(begun: IdempotentRequest) -> Response:
        made = refund_order(order_id, caller, wanted["amount"], wanted["reason"], begun)
        made = settled_refund(order_id, made, needs.shop, needs.place_seconds)
        return shown(_refund_out, made, 202 if made.state == "pending" else 201)

    return answer_once(headers["key"], work)
