"""The fields that bodies and queries of this service are made of."""

import unicodedata
from typing import Any

from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError, fields, validate

from store.server.countries import COUNTRIES
from store.server.http.schemas import Text
from store.users.limits import MAX_EMAIL, MIN_EMAIL


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
