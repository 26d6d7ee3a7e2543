"""What is sent and answered about accounts."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from store.server.http.schemas import PageArgs, Schema, Text
from store.users.api.fields import Email, Flag, NewPassword, Password, Token
from store.users.limits import MAX_EMAIL, MAX_NAME
from store.users.use_cases.accounts import AccountChange
from store.users.use_cases.registration import Registration

ROLES = ("customer", "staff", "admin")
STATES = ("active", "disabled", "deleted")


class RegisterIn(Schema):
    """Somebody who wants to be a customer."""

    email = Email(required=True)
    password = NewPassword()
    name = Text(required=True, max=MAX_NAME)

    @post_load
    def _registration(self, data: dict[str, Any], **_options: Any) -> Registration:
        return Registration(**data)


class EmailIn(Schema):
    """Where to send a mail."""

    email = Email(required=True)


class TokenIn(Schema):
    """A token from a mail."""

    token = Token()


class ResetIn(Schema):
    """A token from a mail, and the password that is to be."""

    token = Token()
    password = NewPassword()


class ChangePasswordIn(Schema):
    """The password that is, and the one that is to be."""

    current_password = Password()
    new_password = NewPassword()


class AcceptedOut(Schema):
    """The same whether or not anybody knows the e-mail."""

    detail = fields.String(required=True)


class ProfileIn(Schema):
    """What people may change about themselves."""

    name = Text(required=True, max=MAX_NAME)


class ProfileOut(Schema):
    """A person, as they see themselves."""

    id = fields.UUID(required=True)
    email = fields.String(required=True, allow_none=True)
    email_verified = fields.Boolean(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class UserOut(ProfileOut):
    """A person, as admins see them; a deleted one has no e-mail and no name."""

    state = fields.String(required=True, validate=validate.OneOf(STATES))


class UsersArgs(PageArgs):
    """Which people to list: the beginning of their e-mail, their role, their state."""

    email = Text(load_default=None, max=MAX_EMAIL)
    role = Text(load_default=None, validators=(validate.OneOf(ROLES),))
    state = Text(load_default=None, validators=(validate.OneOf(STATES),))


class UserIn(Schema):
    """What admins may change about others."""

    role = Text(load_default=None, validators=(validate.OneOf(ROLES),))
    disabled = Flag(load_default=None)

    @validates_schema
    def _require_a_change(self, data: dict[str, Any], **_options: Any) -> None:
        if data["role"] is None and data["disabled"] is None:
            raise ValidationError("Name what is to change: role, disabled.")

    @post_load
    def _change(self, data: dict[str, Any], **_options: Any) -> AccountChange:
        return AccountChange(**data)
