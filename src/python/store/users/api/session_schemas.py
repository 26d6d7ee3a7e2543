"""What is sent and answered about sessions, and the keys that sign their tokens."""

from marshmallow import fields

from store.server.http.schemas import Schema
from store.users.api.fields import Email, Password, Token


class LogInIn(Schema):
    """Somebody who says who they are."""

    email = Email(required=True)
    password = Password()


class RefreshIn(Schema):
    """The token that the last log-in or refresh gave."""

    refresh_token = Token()


class TokensOut(Schema):
    """A session's tokens; `expires_in` is how many seconds the access token lives."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    refresh_token = fields.String(required=True)


class SigningKeyOut(Schema):
    """The next key that access tokens will be signed with."""

    kid = fields.String(required=True)
    signs_from = fields.AwareDateTime(required=True)


class JwkSetOut(Schema):
    """A JWK Set (RFC 7517, section 5)."""

    keys = fields.List(fields.Dict(), required=True)
