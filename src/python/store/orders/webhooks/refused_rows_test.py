"""What the database itself refuses about webhooks, whatever our code believes."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import peewee
import pytest

from store.orders.conftest import Buy
from store.orders.models.tables import database
from store.orders.webhooks.testing import add_endpoint, states


@pytest.mark.parametrize(
    "change",
    [
        "url = 'ftp://shop.example/'",
        "state = 'lost'",
        "paused_reason = 'why not'",
        "previous_secret = 'old'",
        "previous_until = now()",
        "failures = 1",
        "failures = -1, failing_since = now()",
        "event_types = '{order}'",
        "event_types = '{order.*, NULL}'",
        "event_types = '{*}'",
    ],
)
def test_an_endpoint_makes_sense(change: str) -> None:
    add_endpoint("https://shop.example/")
    with pytest.raises(peewee.IntegrityError):
        database.run(f"UPDATE webhook_endpoints SET {change}")


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'",
        "state = 'delivered', answer = '200'",
        "state = 'delivered', delivered_at = now()",
        "state = 'dead'",
        "delivered_at = now()",
        "lease = gen_random_uuid()",
        "leased_until = now()",
        "state = 'dead', answer = '500', lease = gen_random_uuid(), leased_until = now()",
        "attempts = -1",
        "give_up_at = created_at",
        "number = 0",
        "number = number % 2 + 1",
        "event_id = event_id + 1000",
        "endpoint_id = gen_random_uuid()",
    ],
)
def test_a_delivery_makes_sense(buy: Buy, change: str) -> None:
    add_endpoint("https://shop.example/")
    buy()
    with pytest.raises(peewee.IntegrityError):
        database.run(f"UPDATE webhook_deliveries SET {change}")


def test_an_endpoint_takes_its_deliveries_with_it(buy: Buy) -> None:
    add_endpoint("https://shop.example/")
    buy()
    database.run("DELETE FROM webhook_endpoints")
    assert states() == []


def owed_to(endpoint_id: UUID) -> int:
    sql = "SELECT count(*) AS n FROM webhook_deliveries WHERE endpoint_id = %s"
    return int((database.row(sql, (endpoint_id,)) or {})["n"])


def test_an_order_goes_on_while_endpoints_are_changed_and_waits_for_one_that_is_deleted(
    buy: Buy,
) -> None:
    kept, doomed = (add_endpoint("https://shop.example/") for _ in range(2))
    with ThreadPoolExecutor(1) as another:
        with database.transaction():
            database.run("UPDATE webhook_endpoints SET description = 'x' WHERE id = %s", (kept,))
            assert another.submit(buy, 1).result(10).state == "confirmed"
        assert (owed_to(kept), owed_to(doomed)) == (5, 5)
        with database.transaction():
            database.run("DELETE FROM webhook_endpoints WHERE id = %s", (doomed,))
            waiting = another.submit(buy, 1)
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        assert waiting.result(10).state == "confirmed"
    assert (owed_to(kept), owed_to(doomed)) == (10, 0)
