"""What is sent and answered about stock, warehouses and reservations."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from store.inventory import limits
from store.inventory.api.catalogue_schemas import sku_field
from store.server.http.schemas import PageArgs, Schema, Text, Whole

KINDS_BY_HAND = ("received", "adjusted", "counted", "damaged")
KINDS = (*KINDS_BY_HAND, "sold", "returned")
STATES = ("held", "committed", "released", "expired")

_code = validate.Regexp(rf"^{limits.WAREHOUSE}\Z", error=limits.WAREHOUSE_RULE)


def warehouse_field(**options: Any) -> Text:
    """The code of a warehouse."""
    return Text(max=limits.MAX_WAREHOUSE, validators=(_code,), **options)


class MovementIn(Schema):
    """Units that came, went or were counted.

    `quantity` is the number of units received or damaged, the difference (which may be negative)
    if adjusted, and the level found if counted. `reference` names the delivery, count or incident:
    sent again, the movement is not booked again.
    """

    sku = sku_field(required=True)
    warehouse = warehouse_field(required=True)
    kind = Text(required=True, validators=(validate.OneOf(KINDS_BY_HAND),))
    quantity = Whole(required=True, min=-limits.MAX_COUNTED_UNITS, max=limits.MAX_COUNTED_UNITS)
    reason = Text(min=0, max=limits.MAX_REASON, load_default="")
    reference = Text(required=True, max=limits.MAX_REFERENCE)

    @validates_schema
    def quantity_suits_kind(self, data: dict[str, Any], **_: object) -> None:
        """Only an adjustment may be negative, only a count may be zero."""
        if data["quantity"] < 0 and data["kind"] != "adjusted":
            raise ValidationError("Must not be negative, unless adjusted.", "quantity")
        if data["quantity"] == 0 and data["kind"] != "counted":
            raise ValidationError("Must not be zero, unless counted.", "quantity")

    @post_load
    def as_booked(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """As the ledger says it: a count tells the level, damage takes units away."""
        number, kind = data.pop("quantity"), data["kind"]
        signed = {"counted": None, "damaged": -number}.get(kind, number)
        return {**data, "quantity": signed, "counted": number if kind == "counted" else None}


class MovementOut(Schema):
    """A line of the ledger; `quantity` is what came (or, negative, went)."""

    id = fields.UUID(required=True)
    sku = fields.String(required=True)
    warehouse = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    quantity = fields.Integer(required=True)
    on_hand_after = fields.Integer(required=True)
    reason = fields.String(required=True)
    reference = fields.String(required=True)
    actor = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class MovementArgs(PageArgs):
    """Which lines of the ledger are wanted."""

    sku = sku_field()
    warehouse = warehouse_field()
    reference = Text(max=limits.MAX_REFERENCE)
    kind = Text(validators=(validate.OneOf(KINDS),))


class ShelfOut(Schema):
    """The units of a SKU in a warehouse: on_hand = reserved + available."""

    warehouse = fields.String(required=True)
    on_hand = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    available = fields.Integer(required=True)


class StockOut(Schema):
    """The units of a SKU, in all and by warehouse."""

    sku = fields.String(required=True)
    on_hand = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    available = fields.Integer(required=True)
    warehouses = fields.List(fields.Nested(ShelfOut), required=True)


class WarehouseIn(Schema):
    """A warehouse to open."""

    code = warehouse_field(required=True)
    name = Text(required=True, max=limits.MAX_WAREHOUSE_NAME)


class WarehouseOut(Schema):
    """A warehouse."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class ReservedLineOut(Schema):
    """A line as it was promised, its price in minor units."""

    sku = fields.String(required=True)
    name = fields.String(required=True)
    quantity = fields.Integer(required=True)
    unit_price = fields.Integer(required=True)


class ReservationOut(Schema):
    """What is held, sold or given back for an order.

    One that was released before it was made has no lines, and null for what it lacks.
    """

    order_id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    currency = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    lines = fields.List(fields.Nested(ReservedLineOut), required=True)
