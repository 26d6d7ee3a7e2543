"""What may be asked for, read from the wire and checked before anything is done."""

import re
from urllib.parse import urlsplit

from store.gateway.api.intent_options import may_redirect, read_options
from store.gateway.api.parameters import Parameters, invalid, missing
from store.gateway.errors import InvalidRequest, NoSuchReference
from store.gateway.models.cards import card_of
from store.gateway.models.faults import NewFault
from store.gateway.use_cases.attempts import Confirmation
from store.gateway.use_cases.payments import IntentChange, NewIntent, check_amount
from store.gateway.use_cases.refunds import NewRefund
from store.server.money import CURRENCIES

CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
CANCELLATION_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
FAULT_KINDS = (
    "delay",
    "rate_limit",
    "error_500",
    "error_500_after_work",
    "drop_before_work",
    "drop_after_work",
    "webhook_twice",
    "webhook_out_of_order",
    "webhook_delay",
)
_OFF_SESSION = ("true", "false", "one_off", "recurring")
_PLAIN = re.compile(r"[!-~]+")
_REDIRECTS = (
    "This PaymentIntent is configured to accept payment methods that may redirect your customer, so"
    " you must provide a `return_url`. If you don't want to accept redirect-based payment methods,"
    " set `automatic_payment_methods[enabled]` to `true` and"
    " `automatic_payment_methods[allow_redirects]` to `never`."
)


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
    given.flag("use_stripe_sdk")
    return Confirmation(
        payment_method=_payment_method(given),
        return_url=_url(given, "return_url"),
        off_session=given.one_of("off_session", _OFF_SESSION, "false") != "false",
        error_on_requires_action=given.flag("error_on_requires_action"),
    )


def read_change(given: Parameters) -> IntentChange:
    return IntentChange(
        amount=given.whole("amount"),
        description=given.text("description", most=1000),
        payment_method=_payment_method(given),
        metadata=given.metadata(),
    )


def read_capture(given: Parameters) -> int | None:
    """How much to capture; None is all of it."""
    return given.whole("amount_to_capture")


def read_cancellation(given: Parameters) -> str | None:
    return given.one_of("cancellation_reason", CANCELLATION_REASONS)


def read_new_refund(given: Parameters) -> NewRefund:
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


def read_fault(given: Parameters) -> NewFault:
    kind = given.one_of("kind", FAULT_KINDS)
    if kind is None:
        raise missing("kind")
    return NewFault(
        kind=kind,
        path=given.text("path", most=255) or "*",
        times=given.whole("times", most=1_000_000) or 1,
        seconds=given.seconds("seconds", 1.0),
    )


def _currency(given: Parameters) -> str:
    currency = given.text("currency", most=64, required=True) or ""
    if currency.upper() not in CURRENCIES:
        raise invalid("currency", f"Invalid currency: {currency}", "parameter_invalid_string")
    return currency.lower()


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
