"""The test payment methods that Stripe documents, and how each behaves.

Source: docs.stripe.com/testing ("Cards by brand", "Declined payments", "3D Secure", "Refunds").
The names of declines exist with and without the brand (`pm_card_visa_chargeDeclined`,
`pm_card_chargeDeclined`); both are taken.
"""

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Decline:
    """Why the issuer says no: the error's code, the network's reason and the buyer's sentence."""

    code: str
    decline_code: str
    message: str
    param: str | None = None


@dataclass(frozen=True)
class Card:
    """One test card. `asks_the_buyer`: 3-D Secure; `refund_ends`: how its bank ends a refund, later."""

    brand: str = "visa"
    last4: str = "4242"
    country: str = "US"
    funding: str = "credit"
    asks_the_buyer: bool = False
    decline: Decline | None = None
    refund_ends: str | None = None


_DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", _DECLINED)
NO_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
_VELOCITY = (
    "Your card was declined for making repeated attempts too frequently or exceeding its amount"
    " limit."
)
_PROCESSING = "An error occurred while processing your card. Try again in a little bit."
_DECLINES = {
    "": (GENERIC, "0002"),
    "InsufficientFunds": (NO_FUNDS, "9995"),
    "LostCard": (Decline("card_declined", "lost_card", _DECLINED), "9987"),
    "StolenCard": (Decline("card_declined", "stolen_card", _DECLINED), "9979"),
    "Fraudulent": (Decline("card_declined", "fraudulent", _DECLINED), "0019"),
    "VelocityLimitExceeded": (
        Decline("card_declined", "card_velocity_exceeded", _VELOCITY),
        "6975",
    ),
    "ExpiredCard": (
        Decline("expired_card", "expired_card", "Your card has expired.", "exp_month"),
        "0069",
    ),
    "IncorrectCvc": (
        Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "cvc"),
        "0127",
    ),
    "ProcessingError": (Decline("processing_error", "processing_error", _PROCESSING), "0119"),
}
_ASKS = Card(asks_the_buyer=True)
_CARDS = {
    "visa": Card(),
    "visa_debit": Card(last4="5556", funding="debit"),
    "mastercard": Card("mastercard", "4444"),
    "mastercard_debit": Card("mastercard", "3222", funding="debit"),
    "mastercard_prepaid": Card("mastercard", "5100", funding="prepaid"),
    "amex": Card("amex", "8431"),
    "discover": Card("discover", "9424"),
    "diners": Card("diners", "0004"),
    "jcb": Card("jcb", "0505", "JP"),
    "unionpay": Card("unionpay", "0005", "CN"),
    "chargeCustomerFail": Card(last4="0341", decline=GENERIC),
    "radarBlock": Card(last4="0019", decline=_DECLINES["Fraudulent"][0]),
    "authenticationRequired": replace(_ASKS, last4="3184"),
    "authenticationRequiredOnSetup": replace(_ASKS, last4="3155"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": replace(
        _ASKS, last4="8260", decline=NO_FUNDS
    ),
    "threeDSecure2Required": replace(_ASKS, last4="3220"),
    "threeDSecureRequired": replace(_ASKS, last4="3063"),
    "threeDSecureRequiredChargeDeclined": replace(_ASKS, last4="1629", decline=GENERIC),
    "threeDSecureRequiredProcessingError": replace(
        _ASKS, last4="1706", decline=_DECLINES["ProcessingError"][0]
    ),
    "threeDSecureOptional": Card(last4="3055"),
    "pendingRefund": Card(last4="7726", refund_ends="succeeded"),
    "refundFail": Card(last4="5126", refund_ends="failed"),
}
_CARDS |= {
    f"{brand}chargeDeclined{name}": Card(last4=last4, decline=decline)
    for name, (decline, last4) in _DECLINES.items()
    for brand in ("", "visa_")
}
_OF_A_COUNTRY = re.compile(r"pm_card_([a-z]{2})")


def card_of(payment_method: str) -> Card | None:
    """The test card behind a payment method's id, or None if there is no such thing."""
    known = _CARDS.get(payment_method.removeprefix("pm_card_"))
    if known is not None and payment_method.startswith("pm_card_"):
        return known
    country = _OF_A_COUNTRY.fullmatch(payment_method)
    return Card(country=country[1].upper()) if country else None
