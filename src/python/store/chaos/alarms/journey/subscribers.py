"""Everything about webhooks: those that shops get from us, and the one that the bank sends us."""

import time
from collections.abc import Callable
from uuid import uuid4

from store.chaos.alarms.journey.asking import Service, Unexpected
from store.chaos.subscriber import Manners, Subscriber

DELIVERY_SECONDS = 30.0
ENDPOINTS = "/v1/webhook-endpoints"


class Shops:
    """Two shops that want to be told: one takes everything, the other nothing."""

    def __init__(self, orders_url: str, admin_token: str) -> None:
        self._admin = Service(orders_url, admin_token)
        self._takes, self._refuses = Subscriber(), Subscriber(manners=Manners(refused=1.0))
        self._paths: list[str] = []

    def __enter__(self) -> "Shops":
        for shop in (self._takes, self._refuses):
            shop.__enter__()
            made = self._admin.post(ENDPOINTS, {"url": shop.url}, headers=_key())
            shop.trust(made["secret"])
            self._paths.append(f"{ENDPOINTS}/{made['id']}")
        return self

    def __exit__(self, *exc: object) -> None:
        self._takes.__exit__(*exc)
        self._refuses.__exit__(*exc)

    def walk(self) -> None:
        """After something has happened to orders: read, try, send again; then close one's door."""
        self._wait_for(lambda: self._takes.deliveries and self._refuses.deliveries)
        taken, refused = self._paths
        self._admin.get(ENDPOINTS)
        self._admin.get(taken)
        delivered = self._admin.get(f"{taken}/deliveries")["items"]
        self._admin.post(f"{taken}/deliveries/{delivered[0]['event_id']}/redeliver", status=202)
        self._admin.post(f"{refused}/redeliver", {"state": "dead"}, status=202)
        self._admin.post(f"{taken}/test", status=200)
        self._admin.post(f"{taken}/secret", status=200, headers=_key())
        self._admin.change(refused, {"description": "Takes nothing."})

    def close_the_refusing_one(self) -> None:
        """Nobody is owed what it never took."""
        self._admin.delete(self._paths[1])

    @staticmethod
    def _wait_for(condition: Callable[[], object]) -> None:
        give_up = time.monotonic() + DELIVERY_SECONDS
        while not condition():
            if time.monotonic() > give_up:
                raise Unexpected("No webhook came.")
            time.sleep(0.1)


def forge_a_payment_webhook(orders_url: str) -> None:
    """Say that a payment has succeeded, without the bank's signature."""
    forged = {"Stripe-Signature": "t=1,v1=00"}
    Service(orders_url).ask(
        "POST", "/v1/payment/webhook", {"type": "x"}, status=400, headers=forged
    )


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
