"""Signatures, against the specification's own example and against an independent verification."""

import base64
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from store.orders.webhooks.signatures import new_secret, signature


def test_a_signature_is_that_of_the_specifications_libraries() -> None:
    # The example that the reference libraries of Standard Webhooks share; by hand it is
    # printf '%s' 'msg_p5jX....1614265330.{"test": 2432232314}' | openssl dgst -sha256 -binary
    #     -mac HMAC -macopt hexkey:$(base64 -d <<<MfKQ... | xxd -p) | base64
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_subscriber_believes_what_is_signed_and_nothing_else() -> None:
    secret, body, at = new_secret(), '{"name": "Zoë"}'.encode(), int(time.time())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(at),
        "webhook-signature": signature(secret, "evt_1", at, body),
    }
    assert Webhook(secret).verify(body, headers) == {"name": "Zoë"}
    for changed in ({"webhook-id": "evt_2"}, {"webhook-timestamp": str(at - 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers | changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


def test_a_secret_is_32_random_bytes_in_the_specifications_form() -> None:
    first, second = new_secret(), new_secret()
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32
    assert first != second
