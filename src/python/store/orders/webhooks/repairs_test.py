"""What `orders repair` does with deliveries, and what it leaves alone."""

from uuid import UUID

import pytest

from store.orders.conftest import Buy
from store.orders.models.tables import database
from store.orders.webhooks.repairs import put_delivery_back, send_now
from store.orders.webhooks.testing import add_endpoint, claim, states
from store.server.process.repairs import LeftAlone

URL = "https://shop.example/hooks"


@pytest.fixture
def endpoint() -> UUID:
    return add_endpoint(URL)


def first_event() -> int:
    return int((database.row("SELECT min(id) AS id FROM order_events") or {})["id"])


def test_a_delivery_that_is_missing_is_put_back_once(buy: Buy, endpoint: UUID) -> None:
    buy()
    database.run("DELETE FROM webhook_deliveries WHERE number = 1")
    assert put_delivery_back(str(endpoint), first_event()) == "a worker will send it"
    with pytest.raises(LeftAlone, match="it is there by now"):
        put_delivery_back(str(endpoint), first_event())
    assert states()[0] == (1, "pending")


@pytest.mark.parametrize("change", ["state = 'paused'", "event_types = '{order.shipped,refund.*}'"])
def test_what_an_endpoint_does_not_want_any_more_is_not_put_back(
    buy: Buy, endpoint: UUID, change: str
) -> None:
    buy()
    database.run("DELETE FROM webhook_deliveries WHERE number = 1")
    database.run(f"UPDATE webhook_endpoints SET {change}")
    with pytest.raises(LeftAlone):
        put_delivery_back(str(endpoint), first_event())


def test_a_delivery_that_waits_is_due_now_though_its_endpoint_rests(
    buy: Buy, endpoint: UUID
) -> None:
    buy()
    database.run("UPDATE webhook_deliveries SET due_at = now() + interval '1 hour'")
    database.run("UPDATE webhook_endpoints SET rest_until = now() + interval '1 hour'")
    assert claim() == []
    assert send_now(str(endpoint), first_event()) == "it is due now"
    assert [delivery.number for delivery in claim()] == [1]


def test_whoever_is_sending_it_is_not_disturbed(buy: Buy, endpoint: UUID) -> None:
    buy()
    claim()
    rests = "UPDATE webhook_endpoints SET rest_until = now() + interval '1 hour'"
    database.run(rests)
    with pytest.raises(LeftAlone, match="somebody is at work on it"):
        send_now(str(endpoint), first_event())
    [row] = database.rows("SELECT rest_until FROM webhook_endpoints")
    assert row["rest_until"] is not None
