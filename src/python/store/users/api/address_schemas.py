"""What is sent and answered about addresses."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from store.server.http.schemas import Schema, Text
from store.users.api.fields import Country
from store.users.limits import MAX_CITY, MAX_LINE, MAX_NAME, MAX_POSTAL_CODE
from store.users.models.addresses import PostalAddress


class AddressIn(Schema):
    """Where a parcel goes."""

    name = Text(required=True, max=MAX_NAME)
    line1 = Text(required=True, max=MAX_LINE)
    line2 = Text(load_default=None, allow_none=True, max=MAX_LINE)
    city = Text(required=True, max=MAX_CITY)
    postal_code = Text(required=True, max=MAX_POSTAL_CODE)
    country = Country(required=True)

    @post_load
    def _address(self, data: dict[str, Any], **_options: Any) -> PostalAddress:
        return PostalAddress(**data)


class AddressChangeIn(Schema):
    """The fields of an address that are to change."""

    name = Text(max=MAX_NAME)
    line1 = Text(max=MAX_LINE)
    line2 = Text(allow_none=True, max=MAX_LINE)
    city = Text(max=MAX_CITY)
    postal_code = Text(max=MAX_POSTAL_CODE)
    country = Country()

    @validates_schema
    def _require_a_change(self, data: dict[str, Any], **_options: Any) -> None:
        if not data:
            raise ValidationError("Name at least one field that is to change.")


class AddressOut(AddressIn):
    """An address with its id."""

    id = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
