"""Whether a webhook is signed, as a subscriber would find out who has only read the specification.

The store signs with the library of the Standard Webhooks project; this is written apart from it, so
that neither is its own judge.
"""

import base64
import hmac
import time
from collections.abc import Mapping

TOLERANCE_SECONDS = 300


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures was made with this secret, in the last five minutes.

    The names of the headers are in small letters. Source: github.com/standard-webhooks/
    standard-webhooks, spec/standard-webhooks.md, "Signature scheme" and "Verifying signatures".
    """
    identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (identity and at.isdecimal() and abs(time.time() - int(at)) <= TOLERANCE_SECONDS):
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join((identity.encode(), at.encode(), body))
    expected = b"v1," + base64.b64encode(hmac.digest(key, content, "sha256"))
    sent = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(expected, one) for one in sent)
