"""The shop's webhook, which gets our events."""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256

import requests

from store.metrics.dependencies import announce
from store.server.outbound.http_client import session

_DEADLINE_SECONDS = 10.0


@dataclass(frozen=True)
class WebhookResponse:
    """What came of sending an event; `answer` is the status, or the name of the error."""

    accepted: bool
    answer: str


class WebhookEndpoint:
    """The address that gets signed events by POST."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret.encode()
        announce("orders", "POST")
        self._session = session("orders")

    def send(self, body: str) -> WebhookResponse:
        """Send an event's JSON. A 2xx accepts it; redirects are not followed."""
        payload = body.encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self._signature(payload, int(time.time())),
        }
        try:
            response = self._session.post(
                self._url,
                data=payload,
                headers=headers,
                timeout=_DEADLINE_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return WebhookResponse(False, type(error).__name__)
        return WebhookResponse(200 <= response.status_code < 300, str(response.status_code))

    def _signature(self, payload: bytes, at: int) -> str:
        """Source: docs.stripe.com/webhooks/signature, "Verify webhook signatures manually"."""
        digest = hmac.new(self._secret, f"{at}.".encode() + payload, sha256).hexdigest()
        return f"t={at},v1={digest}"
