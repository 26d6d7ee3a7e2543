"""A shop without a network, and time that passes at will, for tests.

shop = fake_shop(MUG=5)
shop.payments.faults.next("capture", Fault.DONE_BUT_TIMED_OUT)
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from store.auth.callers import Caller
from store.database.cipher import Cipher
from store.database.idempotency import IdempotencyKeys, IdempotentRequest
from store.orders.clients.shop import Shop
from store.orders.models.order import Order
from store.orders.models.queries import order_of
from store.orders.models.tables import database
from store.orders.saga.engine import advance, is_settled
from store.orders.testing.fake_inventory import FakeInventory
from store.orders.testing.fake_payments import FakePayments
from store.orders.testing.faults import SimulatedCrash
from store.server.errors import Unavailable
from store.server.ids import new_id

WEBHOOK_SECRET = "whsec_of_the_tests"
ENCRYPTION_SECRET = "a secret of the tests that is long enough"
CIPHER = Cipher([ENCRYPTION_SECRET])
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}


@dataclass(frozen=True)
class FakeShop(Shop):
    """Both services, as what they are."""

    inventory: FakeInventory
    payments: FakePayments


def basket(**changes: Any) -> dict[str, Any]:
    """A good body of `POST /v1/orders`, but for the changes; None leaves a member out."""
    body = {
        "currency": "EUR",
        "lines": [{"sku": "MUG", "quantity": 2}],
        "payment_method": "pm_card_visa",
        "shipping_address": ADDRESS,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def started(owner: Caller) -> IdempotentRequest:
    """A new Idempotency-Key, begun."""
    begun = IdempotencyKeys(database).begin(str(owner.id), str(new_id()), "fingerprint")
    assert isinstance(begun, IdempotentRequest)
    return begun


def time_passes() -> None:
    """Every lease runs out and every step is due."""
    database.run(
        "UPDATE orders SET next_attempt_at = now() - interval '1 second', "
        "leased_until = CASE WHEN lease IS NULL THEN NULL ELSE now() - interval '1 second' END "
        "WHERE step IS NOT NULL"
    )


def bring_to_rest(order_id: UUID, shop: Shop, until: Callable[[Order], bool] = is_settled) -> Order:
    """What workers make of an order in the course of time, each dying as the shop's faults say."""
    for _ in range(20):
        time_passes()
        with contextlib.suppress(SimulatedCrash, Unavailable):
            advance(order_id, shop, time.monotonic() + 5.0)
        order = order_of(order_id)
        if until(order):
            return order
    raise AssertionError(f"{order} is still on its way")


def fake_shop(**shelf: int) -> FakeShop:
    """A shop with these units on the shelf, each at PRICE."""
    return FakeShop(FakeInventory(shelf), FakePayments())
