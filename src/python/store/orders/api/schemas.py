"""The shapes of orders on the wire; the OpenAPI document comes from them."""

from typing import Any

import marshmallow
from marshmallow import fields, validate

from store.orders.models.order import Line
from store.orders.models.states import State
from store.orders.use_cases.placement import Basket
from store.server.http.schemas import Currency, PageArgs, QueryWhole, Schema, Text, Whole
from store.server.limits import MAX_LINE_UNITS, MAX_ORDER_LINES, SKU
from store.server.money import MAX_AMOUNT

_SKU = validate.Regexp(
    rf"{SKU}\Z",
    error="Must be 1 to 64 letters, digits, dots, underscores and hyphens.",
)
_COUNTRY = validate.Regexp(r"[A-Z]{2}\Z", error="Must be an ISO 3166 code of two letters.")
_METHOD = validate.Regexp(r"pm_[A-Za-z0-9_]+\Z", error="Must be a payment method's id: pm_...")


class LineIn(Schema):
    """So many units of an item; `unit_price` is what the buyer was shown, in minor units."""

    sku = Text(required=True, max=64, validators=(_SKU,))
    quantity = Whole(required=True, min=1, max=MAX_LINE_UNITS)
    unit_price = Whole(load_default=None, min=0, max=MAX_AMOUNT)


class AddressSchema(Schema):
    """Where the parcel goes."""

    name = Text(required=True, max=200)
    line1 = Text(required=True, max=200)
    line2 = Text(max=200)
    city = Text(required=True, max=100)
    postal_code = Text(required=True, max=20)
    country = Text(required=True, max=2, validators=(_COUNTRY,))


class PlaceOrderIn(Schema):
    """An order to place. All lines are priced in its one currency."""

    currency = Currency(required=True)
    lines = fields.List(
        fields.Nested(LineIn), required=True, validate=validate.Length(1, MAX_ORDER_LINES)
    )
    payment_method = Text(required=True, max=255, validators=(_METHOD,))
    shipping_address = fields.Nested(AddressSchema, required=True)

    @marshmallow.validates_schema(skip_on_field_errors=True)
    def _refuse_repeated_skus(self, data: dict[str, Any], **_: Any) -> None:
        seen: set[str] = set()
        for number, line in enumerate(data["lines"]):
            if line["sku"] in seen:
                reason = ["This SKU stands in an earlier line."]
                raise marshmallow.ValidationError({"lines": {number: {"sku": reason}}})
            seen.add(line["sku"])

    @marshmallow.post_load
    def _basket(self, data: dict[str, Any], **_: Any) -> Basket:
        lines = tuple(
            Line(line["sku"], line["quantity"], line["unit_price"]) for line in data["lines"]
        )
        return Basket(**{**data, "lines": lines})


class KeyHeaders(Schema):
    """The header that makes a request safe to repeat."""

    key = Text(required=True, max=255, data_key="Idempotency-Key")


class RefundIn(Schema):
    """Money to give back: all that is left when no amount is named. Minor units."""

    amount = Whole(load_default=None, min=1, max=MAX_AMOUNT)
    reason = Text(required=True, max=500)


class ShipmentIn(Schema):
    """The parcel."""

    carrier = Text(required=True, max=100)
    tracking_number = Text(required=True, max=100)


class OrderArgs(PageArgs):
    """Which orders; `buyer` is for staff, others see only their own."""

    state = Text(load_default=None, max=20, validators=(validate.OneOf([*State]),))
    buyer = fields.UUID(load_default=None)


class LastEventHeaders(Schema):
    """Where a live timeline is to go on."""

    last_seen = QueryWhole(load_default=0, min=0, max=2**31 - 1, data_key="Last-Event-ID")


class LineOut(Schema):
    """One line; name and prices are frozen at placement."""

    sku = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    unit_price = fields.Integer(required=True, allow_none=True)
    total = fields.Integer(required=True, allow_none=True)


class NextActionOut(Schema):
    """What the buyer has to do before the payment."""

    type = fields.Constant("redirect_to_url")
    url = fields.String(required=True)


class PaymentOut(Schema):
    """How the payment stands, in the gateway's words; `asked` until its first answer."""

    status = fields.String(required=True)
    intent_id = fields.String(required=True, allow_none=True)
    decline_code = fields.String(required=True, allow_none=True)
    next_action = fields.Method("_next_action", required=True, allow_none=True)

    def _next_action(self, payment: Any) -> dict[str, str] | None:
        if payment.status != "requires_action" or not payment.next_action:
            return None
        return {"type": "redirect_to_url", "url": payment.next_action}


class ShipmentOut(Schema):
    """The parcel."""

    id = fields.UUID(required=True)
    carrier = fields.String(required=True)
    tracking_number = fields.String(required=True)
    shipped_at = fields.DateTime(required=True)
    delivered_at = fields.DateTime(required=True, allow_none=True)


class RefundOut(Schema):
    """Money on its way back: pending, succeeded or failed."""

    id = fields.UUID(required=True)
    amount = fields.Integer(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    failure = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class OrderOut(Schema):
    """An order. Amounts are minor units; prices are unknown (null) until stock has been reserved."""

    id = fields.UUID(required=True)
    buyer_id = fields.UUID(required=True)
    state = fields.String(required=True, metadata={"enum": [*State]})
    reason = fields.Method("_reason", required=True, allow_none=True)
    currency = fields.String(required=True)
    total = fields.Integer(required=True, allow_none=True)
    refunded = fields.Integer(required=True)
    lines = fields.List(fields.Nested(LineOut), required=True)
    shipping_address = fields.Nested(AddressSchema, required=True)
    payment = fields.Nested(PaymentOut, required=True, allow_none=True)
    refunds = fields.List(fields.Nested(RefundOut), required=True)
    shipment = fields.Nested(ShipmentOut, required=True, allow_none=True)
    cancel_requested_at = fields.DateTime(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)

    def _reason(self, order: Any) -> str | None:
        # Known inside as soon as the order begins to end, but true only when it has ended.
        return str(order.reason) if order.state == order.ending else None


class EventOut(Schema):
    """Something that happened; `number` counts the events of the order from 1."""

    number = fields.Integer(required=True)
    type = fields.String(required=True)
    data = fields.Dict(required=True)
    created_at = fields.DateTime(required=True)
