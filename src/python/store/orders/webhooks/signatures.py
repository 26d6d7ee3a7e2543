"""Signatures as the Standard Webhooks specification says, made by its own library.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, "Signature scheme".
"""

import base64
import secrets
from datetime import UTC, datetime

from standardwebhooks import Webhook

_BYTES = 32


def new_secret() -> str:
    """A new secret as it is shown to the subscriber: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256, in base64, of id, Unix time and body."""
    moment = datetime.fromtimestamp(at, UTC)
    return Webhook(secret).sign(message_id, moment, body.decode())
