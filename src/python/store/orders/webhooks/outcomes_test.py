"""When what was not taken is tried again."""

from uuid import UUID

import pytest

from store.orders.conftest import Buy
from store.orders.models.tables import database
from store.orders.testing.shop import FakeShop
from store.orders.webhooks.models import ABSENT
from store.orders.webhooks.outcomes import note_failed, note_taken
from store.orders.webhooks.testing import add_endpoint, all_due, claim, outcome, seconds_until


@pytest.fixture
def endpoint() -> UUID:
    return add_endpoint("https://shop.example/hooks")


def fail_often(endpoint: UUID, times: int = ABSENT) -> None:
    for _ in range(times):
        all_due()
        note_failed([outcome(each, "timeout") for each in claim(limit=1)])


def test_whoever_is_away_rests_and_is_tried_with_one_at_a_time(
    buy: Buy, shop: FakeShop, endpoint: UUID
) -> None:
    shop.inventory.shelf["MUG"] = 50
    for _ in range(3):
        buy(1)
    fail_often(endpoint, ABSENT - 1)
    all_due()
    assert len(claim()) == 3
    fail_often(endpoint, 1)
    database.run("UPDATE webhook_endpoints SET rest_until = now() + interval '1 minute'")
    assert claim() == []
    all_due()
    [probe] = claim()
    note_taken([outcome(probe)])
    database.run("UPDATE webhook_deliveries SET leased_until = now() WHERE lease IS NOT NULL")
    assert len(claim()) == 3


@pytest.mark.parametrize(("away", "most"), [("1 minute", 10.1), ("1 hour", 601), ("2 days", 14401)])
def test_a_rest_is_a_sixth_of_the_absence_at_most(
    buy: Buy, endpoint: UUID, away: str, most: float
) -> None:
    buy()
    fail_often(endpoint)
    rests = []
    for _ in range(40):
        database.run("UPDATE webhook_endpoints SET failing_since = now() - %s::interval", (away,))
        fail_often(endpoint, 1)
        rests.append(seconds_until("rest_until", "webhook_endpoints"))
        assert seconds_until("due_at") <= max(rests[-1], 0) + 0.1
    assert max(rests) <= most
    assert max(rests) > most / 2
    assert min(rests) < most / 2


def test_one_message_that_is_not_taken_waits_ever_longer(
    buy: Buy, endpoint: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy()
    database.run("UPDATE webhook_deliveries SET created_at = now() - interval '2 days'")
    waits = []
    for _ in range(12):
        all_due()
        note_failed([outcome(each, "500") for each in claim()])
        database.run("UPDATE webhook_endpoints SET failures = 1")
        waits.append(seconds_until("due_at"))
    assert all(wait <= 2 ** (number + 1) for number, wait in enumerate(waits))
    assert max(waits) > 60


@pytest.mark.parametrize(("asked", "heeded"), [(7.0, 7), (None, 0)])
def test_a_wish_to_be_left_alone_is_heeded(
    buy: Buy, endpoint: UUID, asked: float | None, heeded: float
) -> None:
    buy()
    [first] = claim()
    note_failed([outcome(first, "429", asked)])
    assert heeded - 1 < seconds_until("rest_until", "webhook_endpoints") <= heeded


@pytest.mark.parametrize(
    "change", ["url = 'https://new.example/'", "state = 'active', paused_reason = NULL"]
)
def test_an_endpoint_that_has_moved_or_goes_on_begins_afresh(
    buy: Buy, endpoint: UUID, change: str
) -> None:
    buy()
    fail_often(endpoint)
    database.run("UPDATE webhook_endpoints SET state = 'paused'")
    database.run("UPDATE webhook_endpoints SET description = 'the same', sealed_secret = 'x'")
    assert database.rows("SELECT failures FROM webhook_endpoints") == [{"failures": ABSENT}]
    database.run(f"UPDATE webhook_endpoints SET {change}")
    [row] = database.rows("SELECT failures, failing_since, rest_until FROM webhook_endpoints")
    assert list(row.values()) == [0, None, None]
