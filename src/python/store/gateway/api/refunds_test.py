"""Money on its way back, as the official SDK sees it."""

import time
from collections.abc import Callable

import pytest
import stripe

Pay = Callable[..., stripe.PaymentIntent]


def test_a_payment_is_refunded_in_parts_and_never_beyond(
    pay: Pay, sdk: stripe.StripeClient
) -> None:
    intent = pay(capture_method="automatic")
    part = sdk.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 500,
            "reason": "requested_by_customer",
            "metadata": {"refund_id": "r1"},
        }
    )
    assert (part.status, part.amount, part.payment_intent) == ("succeeded", 500, intent.id)
    assert (part.reason, part.metadata and part.metadata["refund_id"]) == (
        "requested_by_customer",
        "r1",
    )
    assert refusal_of(sdk, intent, 1501) == "amount_too_large"
    rest = sdk.v1.refunds.create({"charge": str(intent.latest_charge)})
    assert rest.amount == 1500
    assert refusal_of(sdk, intent, 1) == "charge_already_refunded"
    charge = sdk.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.amount_refunded, charge.refunded) == (2000, True)
    listed = sdk.v1.refunds.list({"payment_intent": intent.id, "limit": 1})
    assert [refund.id for refund in listed.auto_paging_iter()] == [rest.id, part.id]
    assert sdk.v1.refunds.retrieve(part.id).to_dict() == part.to_dict()


def test_only_what_was_captured_can_be_refunded(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay()
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        sdk.v1.refunds.create({"payment_intent": intent.id})
    sdk.v1.payment_intents.capture(intent.id, {"amount_to_capture": 300})
    assert refusal_of(sdk, intent, 301) == "amount_too_large"
    assert sdk.v1.refunds.create({"payment_intent": intent.id}).amount == 300


def test_a_bank_may_take_its_time(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay("pm_card_pendingRefund", capture_method="automatic")
    refund = sdk.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "pending"
    assert wait_for(sdk, refund.id, "succeeded").failure_reason is None


def test_a_refund_may_fail_later_and_can_be_tried_again(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay("pm_card_refundFail", capture_method="automatic")
    refund = sdk.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    assert wait_for(sdk, refund.id, "failed").failure_reason
    assert sdk.v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 0
    assert sdk.v1.refunds.create({"payment_intent": intent.id}).amount == 2000


def refusal_of(sdk: stripe.StripeClient, intent: stripe.PaymentIntent, amount: int) -> str | None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.refunds.create({"payment_intent": intent.id, "amount": amount})
    return refused.value.code


def wait_for(sdk: stripe.StripeClient, refund_id: str, status: str) -> stripe.Refund:
    ends = time.monotonic() + 10
    while (refund := sdk.v1.refunds.retrieve(refund_id)).status != status:
        assert time.monotonic() < ends, f"the refund is still {refund.status}"
        time.sleep(0.05)
    return refund
