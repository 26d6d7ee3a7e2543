"""Why cards are declined, in the gateway's words: those that a shop can tell apart and act on.

Source: docs.stripe.com/declines/codes, and docs.stripe.com/error-codes for the last one.
"""

OTHER = "other"

_CODES = """
authentication_required call_issuer card_not_supported card_velocity_exceeded
currency_not_supported do_not_honor duplicate_transaction expired_card fraudulent generic_decline
incorrect_cvc incorrect_number insufficient_funds invalid_account invalid_expiry_year
issuer_not_available lost_card pickup_card processing_error restricted_card stolen_card
transaction_not_allowed try_again_later withdrawal_count_limit_exceeded
payment_intent_authentication_failure
"""
DECLINE_CODES = frozenset(_CODES.split())


def known_code(decline_code: str | None) -> str:
    """The code, if it is one of these; else `other`. For labels, which must not grow without end."""
    return decline_code if decline_code in DECLINE_CODES else OTHER
