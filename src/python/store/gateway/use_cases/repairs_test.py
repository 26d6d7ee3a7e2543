"""What `gateway repair` does, and what it leaves alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from uuid import uuid4

import pytest
import stripe

from store.gateway.testing.webhook_receiver import WebhookReceiver

Pay = Callable[..., stripe.PaymentIntent]
ORDER = str(uuid4())


@pytest.fixture
def repair(
    database_url: str, receiver: WebhookReceiver, gateway: str
) -> Callable[..., tuple[bool, str]]:
    """What the program makes of a proposal to cancel a payment."""
    environ = {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "DATABASE_URL": database_url,
        "API_KEYS": "a",
        "PUBLIC_URL": gateway,
        "WEBHOOK_URL": receiver.url,
        "WEBHOOK_SECRET": "whsec_x",
        "LOG_FORMAT": "text",
    }

    def repair(intent_id: str, status: str = "requires_capture") -> tuple[bool, str]:
        facts = {"order_id": ORDER, "intent_id": intent_id, "status": status}
        proposal = {"service": "gateway", "kind": "cancel_payment", "subject": "x", "facts": facts}
        done = subprocess.run(
            [sys.executable, "-m", "store.gateway.main", "repair"],
            env=environ,
            input=json.dumps(proposal),
            capture_output=True,
            text=True,
            check=True,
        )
        result = json.loads(done.stdout)
        return result["repaired"], result["outcome"]

    return repair


def test_an_authorisation_is_let_go_of_once_and_its_receiver_hears_of_it(
    repair: Callable[..., tuple[bool, str]],
    pay: Pay,
    sdk: stripe.StripeClient,
    receiver: WebhookReceiver,
) -> None:
    intent = pay(metadata={"order_id": ORDER})
    assert repair(intent.id) == (True, "the payment is canceled")
    assert repair(intent.id) == (False, "it is otherwise by now")
    assert sdk.v1.payment_intents.retrieve(intent.id).status == "canceled"
    assert receiver.wait_for(intent.id, 3)[-1] == "payment_intent.canceled"


def test_what_moved_on_since_it_was_found_is_left_alone(
    repair: Callable[..., tuple[bool, str]], pay: Pay, sdk: stripe.StripeClient
) -> None:
    captured = pay(metadata={"order_id": ORDER})
    sdk.v1.payment_intents.capture(captured.id)
    another_s = pay(metadata={"order_id": str(uuid4())})
    for intent in (captured, another_s):
        assert repair(intent.id) == (False, "it is otherwise by now")
    refused = "the gateway refuses: payment_intent_unexpected_state"
    assert repair(captured.id, "succeeded") == (False, refused)
    assert not repair("pi_nobody_s")[0]
    assert sdk.v1.payment_intents.retrieve(captured.id).status == "succeeded"
    assert sdk.v1.payment_intents.retrieve(another_s.id).status == "requires_capture"
