"""What may be asked for, read from the wire and checked before anything is done."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from store.gateway.cards import card_of
from store.gateway.errors import InvalidRequest, NoSuchReference
from store.gateway.intent_options import may_redirect, read_options
from store.gateway.parameters import Parameters, invalid, missing
from store.server.money import CURRENCIES

CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
CANCELLATION_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_OFF_SESSION = ("true", "false", "one_off", "recurring")
_PLAIN = re.compile(r"[!-~]+")
# Smallest charges, in minor units. Source: docs.stripe.com/currencies (minimum charge amounts).
_LEAST = {"gbp": 30, "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "hkd": 400, "huf": 17500}
_LEAST |= {"mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000}
_REDIRECTS = (
    "This PaymentIntent is configured to accept payment methods that may redirect your customer, so"
    " you must provide a `return_url`. If you don't want to accept redirect-based payment methods,"
    " set `automatic_payment_methods[enabled]` to `true` and"
    " `automatic_payment_methods[allow_redirects]` to `never`."
)


@dataclass(frozen=True)
class Confirmation:
    """How a payment is to be tried."""

    payment_method: str | None = None
    return_url: str | None = None
    off_session: bool = False
    error_on_requires_action: bool = False

    @property
    def refuses_challenge(self) -> bool:
        """Whether the attempt fails rather than sending the buyer to 3-D Secure."""
        return self.off_session or self.error_on_requires_action


@dataclass(frozen=True)
class NewIntent:
    """A payment intent to make."""

    amount: int
    currency: str
    capture_method: str
    description: str | None
    metadata: dict[str, str]
    options: dict[str, Any]
    confirm: bool
    how: Confirmation


@dataclass(frozen=True)
class IntentChange:
    """What to change; None leaves it as it is."""

    amount: int | None
    description: str | None
    payment_method: str | None
    metadata: dict[str, str] | None


@dataclass(frozen=True)
class NewRefund:
    """Money to give back; the rest of the charge when no amount is named."""

    payment_intent: str | None
    charge: str | None
    amount: int | None
    reason: str | None
    metadata: dict[str, str]


@dataclass(frozen=True)
class Cancellation:
    """Why a payment ends."""

    reason: str | None


@dataclass(frozen=True)
class Capture:
    """How much to take; all of it when no amount is named."""

    amount: int | None


def read_new_intent(given: Parameters) -> NewIntent:
    """A payment intent; InvalidRequest when it makes no sense."""
    amount = given.whole("amount")
    currency = _currency(given)
    if amount is None:
        raise missing("amount")
    check_amount(amount, currency)
    capture = given.one_of("capture_method", CAPTURE_METHODS, "automatic")
    confirm, how = given.flag("confirm"), read_confirmation(given)
    options = read_options(given)
    if confirm and not how.return_url and may_redirect(options):
        raise InvalidRequest(_REDIRECTS, param="return_url")
    return NewIntent(
        amount=amount,
        currency=currency,
        capture_method=capture or "automatic",
        description=given.text("description", most=1000),
        metadata=given.metadata() or {},
        options=options,
        confirm=confirm,
        how=how,
    )


def read_confirmation(given: Parameters) -> Confirmation:
    """How to try a payment."""
    given.flag("use_stripe_sdk")
    return Confirmation(
        payment_method=_payment_method(given),
        return_url=_url(given, "return_url"),
        off_session=given.one_of("off_session", _OFF_SESSION, "false") != "false",
        error_on_requires_action=given.flag("error_on_requires_action"),
    )


def read_change(given: Parameters) -> IntentChange:
    """Changes to a payment intent."""
    return IntentChange(
        amount=given.whole("amount"),
        description=given.text("description", most=1000),
        payment_method=_payment_method(given),
        metadata=given.metadata(),
    )


def read_capture(given: Parameters) -> Capture:
    """How much to capture."""
    return Capture(given.whole("amount_to_capture"))


def read_cancellation(given: Parameters) -> Cancellation:
    """Why to cancel."""
    return Cancellation(given.one_of("cancellation_reason", CANCELLATION_REASONS))


def read_new_refund(given: Parameters) -> NewRefund:
    """A refund of a payment intent or of a charge."""
    refund = NewRefund(
        payment_intent=given.text("payment_intent", most=255),
        charge=given.text("charge", most=255),
        amount=given.whole("amount"),
        reason=given.one_of("reason", REFUND_REASONS),
        metadata=given.metadata() or {},
    )
    if not refund.payment_intent and not refund.charge:
        message = "One of the following params should be provided for this request: "
        raise InvalidRequest(message + "payment_intent or charge.", code="parameter_missing")
    return refund


def read_outcome(given: Parameters) -> str:
    """What the buyer made of the 3-D Secure challenge."""
    outcome = given.one_of("outcome", ("complete", "fail"))
    if outcome is None:
        raise missing("outcome")
    return outcome


def _currency(given: Parameters) -> str:
    currency = given.text("currency", most=64, required=True) or ""
    if currency.upper() not in CURRENCIES:
        raise invalid("currency", f"Invalid currency: {currency}", "parameter_invalid_string")
    return currency.lower()


def check_amount(amount: int, currency: str) -> None:
    """InvalidRequest when the amount is too small to be charged."""
    least = _LEAST.get(currency, 50)
    if amount < least:
        message = f"Amount must be at least {least} {currency}, in the currency's smallest unit."
        raise invalid("amount", message, "amount_too_small")


def _payment_method(given: Parameters) -> str | None:
    payment_method = given.text("payment_method", most=255)
    if payment_method and card_of(payment_method) is None:
        raise NoSuchReference("PaymentMethod", payment_method, "payment_method")
    return payment_method


def _url(given: Parameters, name: str) -> str | None:
    url = given.text(name, most=2048)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or not _PLAIN.fullmatch(url):
        raise invalid(name, "Not a valid URL", "url_invalid")
    return url
