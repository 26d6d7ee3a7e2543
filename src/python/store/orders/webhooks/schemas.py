"""The shapes of webhook endpoints on the wire."""

from typing import Any

import marshmallow
from marshmallow import fields, validate

from store.orders.webhooks.event_types import EVENT_TYPES, GROUPS
from store.server.http.schemas import PageArgs, Schema, Text

ENDPOINT_STATES = ("active", "paused")
DELIVERY_STATES = ("pending", "delivered", "dead")
LONGEST_URL = 2000
_TYPE = validate.OneOf(
    (*EVENT_TYPES, *GROUPS), error="There are no such events; there are: {choices}."
)


class Url(Text):
    """An address; its scheme is kept in small letters (RFC 3986, section 6.2.2.1)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max=LONGEST_URL, metadata={"format": "uri"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        scheme, colon, rest = super()._deserialize(value, attr, data, **kwargs).partition(":")
        return f"{scheme.lower()}{colon}{rest}"


class EventTypes(fields.List[Any]):
    """Types of events, or groups of them such as `order.*`; none at all stands for every type."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Text(max=64, validators=(_TYPE,)), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        found = super()._deserialize(value, attr, data, **kwargs)
        return list(dict.fromkeys(found))


class EndpointIn(Schema):
    """Where messages are to go, and which: all events when no types are named."""

    url = Url(required=True)
    event_types = EventTypes(load_default=list)
    description = Text(min=0, max=500, load_default="")


class EndpointChange(Schema):
    """What is to be different; what is left out stays."""

    url = Url()
    event_types = EventTypes()
    description = Text(min=0, max=500)
    state = Text(validators=(validate.OneOf(ENDPOINT_STATES),))

    @marshmallow.validates_schema(skip_on_field_errors=True)
    def _refuse_nothing(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise marshmallow.ValidationError("Name something to change.")


class EndpointOut(Schema):
    """An endpoint, and how far it lags behind."""

    id = fields.UUID(required=True)
    url = fields.String(required=True)
    description = fields.String(required=True)
    event_types = fields.List(fields.String(), required=True)
    state = fields.String(required=True, metadata={"enum": [*ENDPOINT_STATES]})
    paused_reason = fields.String(required=True, allow_none=True)
    previous_secret_until = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Until when the secret before the last rotation signs, too."},
    )
    pending = fields.Integer(required=True)
    dead = fields.Integer(required=True)
    oldest_pending_at = fields.DateTime(required=True, allow_none=True)
    lag_seconds = fields.Float(required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class EndpointWithSecretOut(EndpointOut):
    """An endpoint with what its messages are signed with: shown now, and never again."""

    secret = fields.String(required=True, metadata={"description": "whsec_ and 32 bytes in base64"})


class DeliveryArgs(PageArgs):
    """Which deliveries."""

    state = Text(load_default=None, validators=(validate.OneOf(DELIVERY_STATES),))


class DeliveryOut(Schema):
    """One event on its way to one endpoint."""

    event_id = fields.Integer(required=True)
    message_id = fields.String(required=True, metadata={"description": "The header webhook-id"})
    type = fields.String(required=True)
    order_id = fields.UUID(required=True)
    number = fields.Integer(
        required=True, metadata={"description": "Counts the order's events from 1"}
    )
    state = fields.String(required=True, metadata={"enum": [*DELIVERY_STATES]})
    attempts = fields.Integer(required=True)
    answer = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The last answer: an HTTP status, or why there was none"},
    )
    next_attempt_at = fields.DateTime(required=True, allow_none=True)
    gives_up_at = fields.DateTime(required=True, allow_none=True)
    delivered_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class RedeliverIn(Schema):
    """Which deliveries to try anew."""

    state = Text(required=True, validators=(validate.Equal("dead"),))


class RedeliveredOut(Schema):
    """How many deliveries are pending again, and how many dead ones are left for the next call."""

    redelivered = fields.Integer(required=True)
    left = fields.Integer(required=True)


class TrialOut(Schema):
    """What the subscriber said to a test message."""

    message_id = fields.String(required=True)
    taken = fields.Boolean(required=True, metadata={"description": "Whether it was a 2xx"})
    answer = fields.String(
        required=True, metadata={"description": "An HTTP status, or why there was none"}
    )
