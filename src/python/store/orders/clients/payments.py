"""The payment gateway, as orders needs it, through Stripe's SDK.

Every call may be repeated. What takes money carries an idempotency key made of the order's or the
refund's id; the gateway then answers what it answered first. It keeps keys for at least 24 hours
(docs.stripe.com/api/idempotent_requests); for older questions there is `find`, and a payment intent
by itself refuses a second capture or cancellation.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import requests
import stripe
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from store.metrics.dependencies import announce
from store.orders.errors import PaymentDeclined, PaymentFrozen, PaymentUnknown
from store.server.outbound.breaker import Breaker
from store.server.outbound.http_client import session

T = TypeVar("T")

GATEWAY = "gateway"
"""Its name in the metrics."""

API_VERSION = "2026-10-28.endive"
DEADLINE_SECONDS = (2.0, 6.0)  # to connect, to answer
MAX_CONNECTIONS = 64
MAX_REFUND_KEYS = 8
"""Each internal error of the gateway costs a refund one of its keys for a day."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intent:
    """A payment intent, in the gateway's words. Amounts are minor units."""

    id: str
    status: str
    capturable: int = 0
    received: int = 0
    next_action: str | None = None
    decline_code: str | None = None
    currency: str = ""
    order_id: str = ""


@dataclass(frozen=True)
class Repayment:
    """A refund as the gateway knows it; status is pending, succeeded, failed or canceled."""

    id: str
    status: str
    failure: str | None = None


class Payments:
    """The payment gateway. PaymentDeclined is a definite no; PaymentUnknown leaves the outcome open."""

    def __init__(self, url: str, key: str, return_url: str = "") -> None:
        announce(GATEWAY, "GET", "POST")
        # The SDK reads this switch from its module: nothing about our calls is sent along.
        stripe.enable_telemetry = False
        # Where the bank sends the buyer back to; without it there is no page for 3-D Secure.
        self._return_to = {"return_url": return_url} if return_url else {}
        client = stripe.RequestsClient(timeout=DEADLINE_SECONDS, session=_session(url))
        self._stripe = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            base_addresses={"api": url},
            max_network_retries=0,
            http_client=client,
        ).v1

    def authorise(self, order_id: UUID, amount: int, currency: str, method: str) -> Intent:
        """Put the amount aside on the buyer's card, not taking it yet. PaymentDeclined if it is refused."""
        params: Any = {
            "amount": amount,
            "currency": currency.lower(),
            "capture_method": "manual",
            "confirm": True,
            "payment_method": method,
            "allowed_payment_method_types": ["card"],
            "metadata": {"order_id": str(order_id)},
            **self._return_to,
        }
        options: Any = {"idempotency_key": f"order-{order_id}-authorise"}
        return _intent(
            _asked(lambda: self._stripe.payment_intents.create(params=params, options=options))
        )

    def look(self, intent_id: str) -> Intent:
        """How a payment stands."""
        return _intent(_looked(lambda: self._stripe.payment_intents.retrieve(intent_id)))

    def find(self, order_id: UUID, asked_at: datetime) -> Intent | None:
        """The payment made for an order whose idempotency key the gateway has forgotten by now."""
        since = int((asked_at - timedelta(minutes=5)).timestamp())
        until = int((asked_at + timedelta(days=2)).timestamp())
        params: Any = {"created": {"gte": since, "lte": until}, "limit": 100}
        pages = _looked(lambda: self._stripe.payment_intents.list(params=params))
        for found in _all(pages):
            if _metadata(found).get("order_id") == str(order_id):
                return _intent(found)
        return None

    def capture(self, order_id: UUID, intent_id: str) -> Intent:
        """Take the authorised amount. PaymentDeclined if the gateway will not give it any more."""
        return self._settle("capture", order_id, intent_id, "succeeded")

    def capture_anew(self, order_id: UUID, intent_id: str) -> Intent:
        """As `capture`, under a key of its own.

        A gateway that was restored may remember the answer to the other key, and not what it did.
        """
        return self._settle("capture", order_id, intent_id, "succeeded", f"-{uuid4()}")

    def cancel(self, order_id: UUID, intent_id: str) -> Intent:
        """Let go of what is authorised; a payment that was captured meanwhile comes back as it is."""
        return self._settle("cancel", order_id, intent_id, "canceled")

    def refund(self, refund_id: UUID, order_id: UUID, intent_id: str, amount: int) -> Repayment:
        """Give part of a captured payment back. PaymentDeclined if the gateway refuses for good."""
        params: Any = {
            "payment_intent": intent_id,
            "amount": amount,
            "metadata": {"refund_id": str(refund_id), "order_id": str(order_id)},
        }

        def ask(key: str) -> Repayment:
            options: Any = {"idempotency_key": key}
            return _repayment(
                _asked(lambda: self._stripe.refunds.create(params=params, options=options))
            )

        # The same keys in the same order for whoever asks: two who find no refund must not make two.
        for number in range(MAX_REFUND_KEYS):
            with contextlib.suppress(PaymentFrozen):
                return ask(f"refund-{refund_id}-{number}" if number else f"refund-{refund_id}")
            if found := self.find_refund(refund_id, intent_id):
                return found
        raise PaymentFrozen(
            "The payment gateway repeats an internal error, and has made no refund."
        )

    def find_refund(self, refund_id: UUID, intent_id: str) -> Repayment | None:
        """The refund of a payment that carries our id, if it was ever made."""
        params: Any = {"payment_intent": intent_id, "limit": 100}
        for found in _all(_looked(lambda: self._stripe.refunds.list(params=params))):
            if _metadata(found).get("refund_id") == str(refund_id):
                return _repayment(found)
        return None

    def look_at_refund(self, gateway_id: str) -> Repayment:
        """How a refund stands."""
        return _repayment(_looked(lambda: self._stripe.refunds.retrieve(gateway_id)))

    def _settle(
        self, verb: str, order_id: UUID, intent_id: str, goal: str, suffix: str = ""
    ) -> Intent:
        """Capture or cancel. The intent's own state refuses a second time, whatever the key."""
        act = getattr(self._stripe.payment_intents, verb)

        def ask(key: str) -> Intent:
            return _intent(_asked(lambda: act(intent_id, options={"idempotency_key": key})))

        try:
            return ask(f"order-{order_id}-{verb}{suffix}")
        except PaymentFrozen:
            found = self.look(intent_id)
            return found if found.status == goal else ask(f"order-{order_id}-{verb}-{uuid4()}")
        except PaymentDeclined as declined:
            return self._after_refusal(intent_id, declined, goal)

    def _after_refusal(self, intent_id: str, declined: PaymentDeclined, goal: str) -> Intent:
        """The gateway refuses because of the intent's state: the state says what happened before."""
        found = self.look(intent_id)
        if found.status == goal or (goal == "canceled" and found.status == "succeeded"):
            return found
        raise declined


def _session(url: str) -> requests.Session:
    """One session for all greenlets; the SDK's own would be one per greenlet, so one per request."""
    made = session(GATEWAY, Breaker(GATEWAY))
    # The environment's proxies are read here, once; requests would read them at every call.
    made.proxies.update(requests.utils.get_environ_proxies(url))
    made.trust_env = False
    for adapter in made.adapters.values():
        assert isinstance(adapter, HTTPAdapter)  # noqa: S101
        adapter.max_retries = Retry(0)  # the engine repeats, by its own clock
        adapter.init_poolmanager(MAX_CONNECTIONS, MAX_CONNECTIONS)
    return made


def _asked(call: Callable[[], T]) -> T:
    """What the gateway answers; its errors as a definite no, or as unknown."""
    try:
        return call()
    except stripe.CardError as error:
        raise _declined(error) from error
    except stripe.InvalidRequestError as error:
        raise _declined(error) from error
    except stripe.StripeError as error:
        # Its text may quote what we sent; status and code say enough, and hold nothing secret.
        kind, status = type(error).__name__, error.http_status or 0
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            _log.error("the payment gateway refuses our key: %s %s", kind, status)
        if status >= 500 and (error.headers or {}).get("idempotent-replayed") == "true":
            raise PaymentFrozen(
                f"The payment gateway repeats an internal error: {status}."
            ) from error
        if isinstance(error, stripe.IdempotencyError):
            # Our parameters have changed since, by a new version or another return URL.
            raise PaymentFrozen(
                "The payment gateway knows this key with other parameters."
            ) from error
        raise PaymentUnknown(f"The payment gateway did not answer: {kind} {status}.") from error


def _looked(call: Callable[[], T]) -> T:
    """What the gateway shows. That it will not show it says nothing about the money: unknown."""
    try:
        return _asked(call)
    except PaymentDeclined as declined:
        raise PaymentUnknown(
            f"The payment gateway shows nothing: {declined.decline_code}."
        ) from None


def _declined(error: stripe.CardError | stripe.InvalidRequestError) -> PaymentDeclined:
    details: Any = error.error
    code = getattr(details, "decline_code", None) or error.code or "invalid_request"
    intent = getattr(details, "payment_intent", None)
    return PaymentDeclined(code, intent_id=intent.id if intent else None)


def _all(pages: Any) -> Iterable[Any]:
    walk = pages.auto_paging_iter()
    while (found := _looked(lambda: next(walk, None))) is not None:
        yield found


def _metadata(found: Any) -> dict[str, str]:
    return found.to_dict().get("metadata") or {}


def _intent(found: stripe.PaymentIntent) -> Intent:
    # As plain data: the SDK's objects raise for members that the gateway has left out.
    said = found.to_dict()
    redirect = (said.get("next_action") or {}).get("redirect_to_url") or {}
    failure = said.get("last_payment_error") or {}
    return Intent(
        id=said["id"],
        status=said["status"],
        capturable=said.get("amount_capturable") or 0,
        received=said.get("amount_received") or 0,
        next_action=redirect.get("url"),
        decline_code=failure.get("decline_code") or failure.get("code"),
        currency=(said.get("currency") or "").upper(),
        order_id=(said.get("metadata") or {}).get("order_id", ""),
    )


def _repayment(found: stripe.Refund) -> Repayment:
    said = found.to_dict()
    return Repayment(said["id"], said.get("status") or "pending", said.get("failure_reason"))
