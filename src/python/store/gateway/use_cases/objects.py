"""Rows as the objects Stripe documents (docs.stripe.com/api).

What the gateway does not have (customers, transfers, tax, ...) is present and null, as it is in
Stripe's answers.
"""

from collections.abc import Sequence
from typing import Any

from store.gateway.errors import error_object
from store.gateway.models.cards import Card, card_of
from store.gateway.models.lists import ListQuery
from store.gateway.models.payments import Charge, PaymentIntent
from store.gateway.models.refunds import Refund

Object = dict[str, Any]


def intent_object(
    intent: PaymentIntent, charge: Charge | None, public_url: str, *, with_charge: bool = False
) -> Object:
    """A PaymentIntent; `with_charge` shows the charge itself instead of its id."""
    latest: Any = charge and (charge_object(charge, intent) if with_charge else charge.id)
    options = intent.options
    return {
        "id": intent.id,
        "object": "payment_intent",
        "allowed_payment_method_types": options.get("allowed_payment_method_types"),
        "amount": intent.amount,
        "amount_capturable": intent.amount_capturable,
        "amount_details": {"tip": {}},
        "amount_received": intent.amount_received,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": options["automatic_payment_methods"],
        "canceled_at": intent.canceled_at and int(intent.canceled_at.timestamp()),
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": intent.capture_method,
        "client_secret": intent.client_secret,
        "confirmation_method": options["confirmation_method"],
        "created": int(intent.created_at.timestamp()),
        "currency": intent.currency,
        "customer": None,
        "description": intent.description,
        "last_payment_error": intent.last_payment_error,
        "latest_charge": latest,
        "livemode": False,
        "metadata": intent.metadata,
        "next_action": _next_action(intent, public_url),
        "on_behalf_of": None,
        "payment_method": intent.payment_method,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": options["receipt_email"],
        "review": None,
        "setup_future_usage": None,
        "shipping": options["shipping"],
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": options["statement_descriptor_suffix"],
        "status": intent.status,
        "transfer_data": None,
        "transfer_group": None,
    }


def _next_action(intent: PaymentIntent, public_url: str) -> Object | None:
    if intent.challenge is None:
        return None
    url = f"{public_url}/challenges/{intent.challenge}"
    return {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": intent.return_url, "url": url},
    }


def charge_object(charge: Charge, intent: PaymentIntent) -> Object:
    failure = charge.failure or {}
    card = card_of(charge.payment_method) or Card()
    return {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount_captured,
        "amount_refunded": charge.amount_refunded,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": _nobody(),
        "calculated_statement_descriptor": None,
        "captured": charge.amount_captured > 0,
        "created": int(charge.created_at.timestamp()),
        "currency": charge.currency,
        "customer": None,
        "description": intent.description,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": failure.get("code"),
        "failure_message": failure.get("message"),
        "fraud_details": {},
        "livemode": False,
        "metadata": intent.metadata,
        "on_behalf_of": None,
        "outcome": _outcome(failure),
        "paid": charge.status == "succeeded",
        "payment_intent": intent.id,
        "payment_method": charge.payment_method,
        "payment_method_details": {"card": _card(card), "type": "card"},
        "receipt_email": intent.options["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": 0 < charge.amount_captured == charge.amount_refunded,
        "review": None,
        "shipping": intent.options["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent.options["statement_descriptor_suffix"],
        "status": charge.status,
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(failure: Object) -> Object:
    if not failure:
        return {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "network_status": "declined_by_network",
        "reason": failure["decline_code"],
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def refund_object(refund: Refund) -> Object:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": None,
        "charge": refund.charge,
        "created": int(refund.created_at.timestamp()),
        "currency": refund.currency,
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "failure_reason": refund.failure_reason,
        "metadata": refund.metadata,
        "payment_intent": refund.payment_intent,
        "reason": refund.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": refund.status,
        "transfer_reversal": None,
    } | ({"pending_reason": "processing"} if refund.status == "pending" else {})


def payment_method_object(payment_method: str, created: int) -> Object:
    """A PaymentMethod, as it travels in errors."""
    return {
        "id": payment_method,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _nobody(),
        "card": _card(card_of(payment_method) or Card()),
        "created": created,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def payment_error(intent: PaymentIntent, kind: str, message: str, **facts: Any) -> Object:
    method = intent.payment_method
    created = int(intent.created_at.timestamp())
    method_object = payment_method_object(method, created) if method else None
    return error_object(kind, message, payment_method=method_object, **facts)


def list_object(found: Sequence[Any], query: ListQuery, url: str) -> Object:
    """A page of a list, newest first; of what was `found`, one more than its limit says that there is more."""
    shown = list(found[: query.limit])
    if query.ending_before:
        shown.reverse()
    has_more = len(found) > query.limit
    return {"object": "list", "data": shown, "has_more": has_more, "url": url}


def _card(card: Card) -> Object:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": None,
        },
        "country": card.country,
        "exp_month": 12,
        "exp_year": 2034,
        "funding": card.funding,
        "last4": card.last4,
        "wallet": None,
    }


def _nobody() -> Object:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {"address": address, "email": None, "name": None, "phone": None, "tax_id": None}
