"""The subscriber, told things by a sender that signs with the Standard Webhooks library."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from standardwebhooks.webhooks import Webhook

from store.proof.faults.subscriber import Subscriber

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with Subscriber(seed=7) as subscriber:
        subscriber.trust(SECRET)
        yield subscriber


def tell(
    to: Subscriber, number: int, *, order: str = "o-1", secret: str = SECRET, age: float = 0
) -> int:
    """Send an event as the store would; the status, or 0 if there was no answer."""
    at = datetime.now(UTC) - timedelta(seconds=age)
    data = {"order_id": order, "number": number}
    body = json.dumps({"type": "order.confirmed", "timestamp": at.isoformat(), "data": data})
    headers = {
        "webhook-id": f"evt_{number}",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(f"evt_{number}", at, body),
    }
    try:
        return urllib3.request(
            "POST", to.url, body=body, headers=headers, retries=False, timeout=5
        ).status
    except urllib3.exceptions.HTTPError:
        return 0


def test_what_is_well_signed_is_written_down(subscriber: Subscriber) -> None:
    assert [tell(subscriber, number) for number in (1, 2, 2)] == [204, 204, 204]
    assert tell(subscriber, 1, order="o-2") == 204
    assert subscriber.received() == {"o-1": [1, 2], "o-2": [1]}
    first = subscriber.deliveries[0]
    assert (first.event_id, first.order_id, first.number, first.type) == (
        "evt_1",
        "o-1",
        1,
        "order.confirmed",
    )
    assert (subscriber.bad_signatures, subscriber.out_of_order()) == (0, [])
