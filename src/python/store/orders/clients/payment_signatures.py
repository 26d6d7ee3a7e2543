"""The signatures that the payment gateway puts on its webhooks."""

import stripe

from store.orders.errors import BadSignature

TOLERANCE_SECONDS = 300


def check_signature(body: bytes, signature: str | None, secret: str) -> None:
    """Raise BadSignature unless the gateway signed this webhook's body in the last five minutes.

    Source: docs.stripe.com/webhooks/signature.
    """
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
        raise BadSignature from error
