"""Everything about webhooks: those that subscribers get, and the one that the gateway sends."""

from contextlib import ExitStack
from typing import Self
from uuid import uuid4

from store.chaos.subscriber import ReactionShares, Subscriber
from store.chaos.testing.journey.service_client import ServiceClient
from store.server.grpc.testing import wait_until

DELIVERY_SECONDS = 30.0
ENDPOINTS = "/v1/webhook-endpoints"


class SubscriberPair:
    """Two subscribers: one accepts everything, the other nothing."""

    def __init__(self, orders_url: str, admin_token: str) -> None:
        self._admin = ServiceClient(orders_url, admin_token)
        self._accepting = Subscriber()
        self._refusing = Subscriber(shares=ReactionShares(refused=1.0))
        self._paths: list[str] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for subscriber in (self._accepting, self._refusing):
            self._open.enter_context(subscriber)
            made = self._admin.post(ENDPOINTS, {"url": subscriber.url}, headers=_key())
            subscriber.trust(made["secret"])
            self._paths.append(f"{ENDPOINTS}/{made['id']}")
        return self

    def __exit__(self, *_exc: object) -> None:
        self._open.close()

    def run(self) -> None:
        """After orders have had events: read deliveries, send them again, send a test, change secrets."""
        pair = (self._accepting, self._refusing)
        wait_until(lambda: all(each.deliveries for each in pair), DELIVERY_SECONDS)
        accepting, refusing = self._paths
        self._admin.get(ENDPOINTS)
        self._admin.get(accepting)
        delivered = self._admin.get(f"{accepting}/deliveries")["items"]
        self._admin.post(f"{accepting}/deliveries/{delivered[0]['event_id']}/redeliver", status=202)
        self._admin.post(f"{refusing}/redeliver", {"state": "dead"}, status=202)
        self._admin.post(f"{accepting}/test", status=200)
        self._admin.post(f"{accepting}/secret", status=200, headers=_key())
        self._admin.change(refusing, {"description": "Accepts nothing."})

    def delete_the_refusing_one(self) -> None:
        """End what is owed to it, which it never accepts."""
        self._admin.delete(self._paths[1])


def send_a_forged_payment_webhook(orders_url: str) -> None:
    """Send a payment event without the gateway's signature."""
    forged = {"Stripe-Signature": "t=1,v1=00"}
    ServiceClient(orders_url).request(
        "POST", "/v1/payment/webhook", {"type": "x"}, status=400, headers=forged
    )


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
