"""Who may send what, and when: claims by several workers at once, and what their outcomes change."""

from uuid import UUID

import pytest

from store.orders.conftest import Buy
from store.orders.models.tables import database
from store.orders.testing.shop import FakeShop
from store.orders.webhooks.models import MAX_PER_ENDPOINT
from store.orders.webhooks.outcomes import note_failed, note_taken, pause_gone
from store.orders.webhooks.testing import (
    add_endpoint,
    all_due,
    claim,
    outcome,
    seconds_until,
    states,
)

URL = "https://shop.example/hooks"


@pytest.fixture
def endpoint() -> UUID:
    return add_endpoint(URL)


def test_events_before_an_endpoint_was_made_are_not_owed(buy: Buy) -> None:
    buy()
    add_endpoint(URL)
    assert states() == []


@pytest.mark.parametrize(
    ("event_types", "numbers"),
    [
        ((), [1, 2, 3, 4, 5]),
        (("order.*",), [1, 2, 3, 4, 5]),
        (("order.confirmed", "order.placed"), [1, 5]),
        (("order.*", "order.confirmed"), [1, 2, 3, 4, 5]),
        (("refund.*", "order.shipped"), []),
    ],
)
def test_an_endpoint_is_owed_what_it_listens_to(
    buy: Buy, event_types: tuple[str, ...], numbers: list[int]
) -> None:
    add_endpoint(URL, *event_types)
    buy()
    assert states() == [(number, "pending") for number in numbers]


def test_what_a_transaction_takes_back_is_not_owed(buy: Buy, endpoint: UUID) -> None:
    def buy_in_vain() -> None:
        with database.transaction():
            buy()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        buy_in_vain()
    assert states() == []


def test_only_the_first_of_an_order_is_claimed_and_by_one(buy: Buy, endpoint: UUID) -> None:
    first, second = buy(1), buy(1)
    found = claim()
    assert {(each.order_id, each.number, each.attempts) for each in found} == {
        (first.id, 1, 1),
        (second.id, 1, 1),
    }
    assert claim() == []
    note_taken([outcome(found[0])])
    [following] = claim()
    assert (following.order_id, following.number) == (found[0].order_id, 2)


def test_a_lost_lease_is_taken_over_and_its_holder_changes_nothing_more(
    buy: Buy, endpoint: UUID
) -> None:
    buy()
    [lost] = claim()
    assert 29 < seconds_until("leased_until") <= 30
    all_due()
    [again] = claim()
    assert (again.number, again.attempts) == (1, 2)
    note_taken([outcome(lost)])
    note_failed([outcome(lost, "500")])
    assert states()[0] == (1, "pending")
    assert claim() == []
    note_taken([outcome(again)])
    assert states()[0] == (1, "delivered")


def test_what_waits_holds_back_what_comes_later(buy: Buy, endpoint: UUID) -> None:
    buy()
    [first] = claim()
    note_failed([outcome(first, "500")])
    database.run("UPDATE webhook_deliveries SET due_at = now() WHERE number > 1")
    assert claim() == []
    all_due()
    assert [each.number for each in claim()] == [1]


def test_a_dead_delivery_lets_the_later_ones_pass(buy: Buy, endpoint: UUID) -> None:
    buy()
    [first] = claim()
    database.run(
        """UPDATE webhook_deliveries SET created_at = created_at - interval '3 days',
        give_up_at = now() - interval '1 second' WHERE number = 1"""
    )
    note_failed([outcome(first, "500")])
    assert states()[:2] == [(1, "dead"), (2, "pending")]
    assert [each.number for each in claim()] == [2]


def test_a_new_event_waits_together_with_what_it_follows(buy: Buy, endpoint: UUID) -> None:
    order = buy()
    [first] = claim()
    note_failed([outcome(first, "500")])
    database.run(
        "INSERT INTO order_events (order_id, number, type) VALUES (%s, 6, 'order.shipped')",
        (order.id,),
    )
    rows = database.rows("SELECT count(DISTINCT due_at) AS n FROM webhook_deliveries")
    assert rows == [{"n": 1}]


def test_nobody_gets_more_than_his_share(buy: Buy, shop: FakeShop) -> None:
    shop.inventory.shelf["MUG"] = 50
    eager, other = add_endpoint(URL), add_endpoint("https://other.example/")
    for _ in range(MAX_PER_ENDPOINT + 2):
        buy(1)
    found = claim(busy={eager: MAX_PER_ENDPOINT - 3})
    mine = [each for each in found if each.endpoint.id == eager]
    assert (len(mine), len(found) - len(mine)) == (3, MAX_PER_ENDPOINT)
    all_due()
    few = claim(limit=2)
    assert {each.endpoint.id for each in few} == {eager, other}


def test_whoever_is_gone_is_paused_and_loses_nothing(buy: Buy, endpoint: UUID) -> None:
    buy()
    [first] = claim()
    pause_gone(first.endpoint)
    note_failed([outcome(first, "410")])
    all_due()
    assert claim() == []
    [row] = database.rows("SELECT state, paused_reason, version FROM webhook_endpoints")
    assert row == {
        "state": "paused",
        "paused_reason": "the subscriber answered 410 Gone",
        "version": 2,
    }
    database.run("UPDATE webhook_endpoints SET state = 'active', paused_reason = NULL")
    assert [each.number for each in claim()] == [1]


def test_an_endpoint_that_has_moved_since_is_not_paused(buy: Buy, endpoint: UUID) -> None:
    buy()
    [first] = claim()
    database.run("UPDATE webhook_endpoints SET url = 'https://new.example/'")
    pause_gone(first.endpoint)
    [row] = database.rows("SELECT state FROM webhook_endpoints")
    assert row["state"] == "active"


def test_both_secrets_sign_for_as_long_as_both_are_good(buy: Buy, endpoint: UUID) -> None:
    buy()
    database.run(
        """UPDATE webhook_endpoints SET previous_secret = 'old', sealed_secret = 'new',
        previous_until = now() + interval '1 hour'"""
    )
    assert claim()[0].endpoint.sealed_secrets == (b"new", b"old")
    all_due()
    database.run("UPDATE webhook_endpoints SET previous_until = now()")
    assert claim()[0].endpoint.sealed_secrets == (b"new",)
