"""The shapes of requests and answers."""

import unicodedata
from typing import Any

from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError, fields, validate, validates_schema

from store.server.countries import COUNTRIES
from store.server.http.schemas import PageArgs, Schema, Text
from store.users.limits import (
    MAX_CITY,
    MAX_EMAIL,
    MAX_LINE,
    MAX_NAME,
    MAX_POSTAL_CODE,
    MIN_EMAIL,
)

ROLES = ("customer", "staff", "admin")
STATES = ("active", "disabled", "deleted")


class Email(Text):
    """An e-mail address whose mailbox name is ASCII; whether it can be reached is not asked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min=MIN_EMAIL, max=MAX_EMAIL, metadata={"format": "email"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError as error:
            raise ValidationError(str(error)) from None
        return found.normalized


class Password(fields.String):
    """A password as it was typed, in Unicode's NFKC form so that every keyboard writes it alike.

    NIST SP 800-63B-4, section 3.1.1.2: any characters, blanks too, and none is cut off.
    """

    def __init__(self, *, shortest: int = 1, longest: int = 1000, **options: Any) -> None:
        super().__init__(
            required=True,
            load_only=True,
            validate=validate.Length(shortest, longest),
            metadata={"format": "password"},
            **options,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return unicodedata.normalize("NFKC", super()._deserialize(value, attr, data, **kwargs))


class NewPassword(Password):
    """A password to be kept: 8 to 128 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(shortest=8, longest=128, **options)


class Flag(fields.Boolean):
    """JSON's true or false, and nothing that is like them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Country(Text):
    """An ISO 3166-1 alpha-2 code in capital letters."""

    def __init__(self, **options: Any) -> None:
        known = validate.OneOf(sorted(COUNTRIES), error="Must be an ISO 3166-1 alpha-2 code.")
        super().__init__(min=2, max=2, validators=(known,), **options)


class Token(Text):
    """An opaque token."""

    def __init__(self) -> None:
        super().__init__(required=True, max=200, load_only=True)


class RegisterIn(Schema):
    """Somebody who wants to be a customer."""

    email = Email(required=True)
    password = NewPassword()
    name = Text(required=True, max=MAX_NAME)


class LogInIn(Schema):
    """Somebody who says who they are."""

    email = Email(required=True)
    password = Password()


class EmailIn(Schema):
    """Where to send a mail."""

    email = Email(required=True)


class TokenIn(Schema):
    """A token from a mail."""

    token = Token()


class RefreshIn(Schema):
    """The token that the last log-in or refresh gave."""

    refresh_token = Token()


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


class TokensOut(Schema):
    """A session's tokens; `expires_in` is how many seconds the access token lives."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    refresh_token = fields.String(required=True)


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
    def _changes_something(self, data: dict[str, Any], **_options: Any) -> None:
        if data["role"] is None and data["disabled"] is None:
            raise ValidationError("Name what is to change: role, disabled.")


class AddressIn(Schema):
    """Where a parcel goes."""

    name = Text(required=True, max=MAX_NAME)
    line1 = Text(required=True, max=MAX_LINE)
    line2 = Text(load_default=None, allow_none=True, max=MAX_LINE)
    city = Text(required=True, max=MAX_CITY)
    postal_code = Text(required=True, max=MAX_POSTAL_CODE)
    country = Country(required=True)


class AddressChangeIn(Schema):
    """The fields of an address that are to change."""

    name = Text(max=MAX_NAME)
    line1 = Text(max=MAX_LINE)
    line2 = Text(allow_none=True, max=MAX_LINE)
    city = Text(max=MAX_CITY)
    postal_code = Text(max=MAX_POSTAL_CODE)
    country = Country()

    @validates_schema
    def _changes_something(self, data: dict[str, Any], **_options: Any) -> None:
        if not data:
            raise ValidationError("Name at least one field that is to change.")


class AddressOut(AddressIn):
    """An address with its id."""

    id = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class SigningKeyOut(Schema):
    """The next key that access tokens will be signed with."""

    kid = fields.String(required=True)
    signs_from = fields.AwareDateTime(required=True)


class JwkSetOut(Schema):
    """A JWK Set (RFC 7517, section 5)."""

    keys = fields.List(fields.Dict(), required=True)
