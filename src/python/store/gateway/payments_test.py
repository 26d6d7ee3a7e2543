"""Payments as the official SDK sees them."""

from collections.abc import Callable

import stripe

Pay = Callable[..., stripe.PaymentIntent]


def test_a_good_card_is_authorised_and_captured_later(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay(metadata={"order_id": "42"}, description="two mugs")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == (
        "requires_capture",
        2000,
        0,
    )
    assert (intent.metadata["order_id"], intent.description) == ("42", "two mugs")
    captured = sdk.v1.payment_intents.capture(intent.id)
    assert (captured.status, captured.amount_capturable, captured.amount_received) == (
        "succeeded",
        0,
        2000,
    )
