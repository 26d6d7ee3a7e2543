"""What became of each event, and sending it again, over HTTP."""

from typing import Any

import pytest

from store.auth.callers import Caller
from store.orders.conftest import Buy
from store.orders.models.tables import database
from store.orders.webhooks import redelivery
from store.orders.webhooks.conftest import Ask, Create

OF_A_SALE = ["order.placed", "order.reserved", "order.authorised", "order.committed"]
OF_A_SALE.append("order.confirmed")


@pytest.fixture
def path(create: Create, buy: Buy) -> str:
    """An endpoint that waits for the five events of a sale."""
    path = f"/{create()['id']}"
    buy()
    return path


def give_up(numbers: str) -> None:
    database.run(
        "UPDATE webhook_deliveries SET state = 'dead', answer = '500', attempts = 30, "
        f"give_up_at = now(), created_at = now() - interval '3 days' WHERE number IN ({numbers})"
    )


def deliver(number: int) -> None:
    database.run(
        "UPDATE webhook_deliveries SET state = 'delivered', answer = '204', attempts = 1, "
        "delivered_at = now() WHERE number = %s",
        (number,),
    )


def test_deliveries_are_listed_the_latest_first(ask: Ask, path: str, buy: Buy) -> None:
    other = buy()
    first = ask("GET", f"{path}/deliveries?limit=6").json
    rest = ask("GET", f"{path}/deliveries?limit=6&cursor={first['next_cursor']}").json
    items: list[dict[str, Any]] = first["items"] + rest["items"]
    assert [each["type"] for each in reversed(items)] == OF_A_SALE * 2
    assert [each["number"] for each in reversed(items)] == [1, 2, 3, 4, 5] * 2
    assert {each["order_id"] for each in items[:5]} == {str(other.id)}
    assert {(each["state"], each["attempts"], each["answer"]) for each in items} == {
        ("pending", 0, None)
    }
    assert all(each["message_id"] == f"evt_{each['event_id']}" for each in items)


def test_deliveries_are_found_by_their_state(ask: Ask, path: str) -> None:
    give_up("1, 2")
    deliver(3)

    def seen(state: str) -> list[tuple[int, str | None]]:
        items = ask("GET", f"{path}/deliveries?state={state}").json["items"]
        return [(each["number"], each["answer"]) for each in items]

    assert seen("dead") == [(2, "500"), (1, "500")]
    assert seen("delivered") == [(3, "204")]
    assert seen("pending") == [(5, None), (4, None)]
    assert ask("GET", f"{path}/deliveries?state=lost").status_code == 422


def test_only_what_waits_has_a_next_attempt(ask: Ask, path: str) -> None:
    give_up("1")
    deliver(2)
    items = {each["number"]: each for each in ask("GET", f"{path}/deliveries").json["items"]}
    for number, waits in [(1, False), (2, False), (3, True)]:
        assert (items[number]["next_attempt_at"] is not None) is waits
        assert (items[number]["gives_up_at"] is not None) is waits
    assert items[2]["delivered_at"] is not None


def test_a_cursor_of_another_endpoint_is_refused(ask: Ask, path: str, create: Create) -> None:
    cursor = ask("GET", f"{path}/deliveries?limit=1").json["next_cursor"]
    answer = ask("GET", f"/{create()['id']}/deliveries?cursor={cursor}")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_cursor")


def test_an_endpoint_shows_what_it_has_missed(ask: Ask, path: str) -> None:
    database.run("UPDATE webhook_deliveries SET created_at = now() - interval '100 s'")
    deliver(1)
    give_up("2")
    shown = ask("GET", path).json
    assert (shown["pending"], shown["dead"]) == (3, 1)
    assert 100 <= shown["lag_seconds"] < 160
    assert shown["oldest_pending_at"] is not None
    assert ask("GET").json["items"][0]["pending"] == 3


def test_clerks_send_any_event_again(ask: Ask, path: str, clerk: Caller) -> None:
    give_up("1")
    deliver(2)
    for each in ask("GET", f"{path}/deliveries").json["items"]:
        answer = ask("POST", f"{path}/deliveries/{each['event_id']}/redeliver", who=clerk)
        assert (answer.status_code, answer.json["state"]) == (202, "pending")
        assert (answer.json["attempts"], answer.json["delivered_at"]) == (0, None)
    assert ask("GET", path).json["pending"] == 5


def test_what_is_being_sent_at_this_moment_is_let_be(ask: Ask, path: str) -> None:
    database.run(
        "UPDATE webhook_deliveries SET lease = gen_random_uuid(), attempts = 7, "
        "leased_until = now() + interval '30 s' WHERE number = 1"
    )
    event_id = ask("GET", f"{path}/deliveries").json["items"][-1]["event_id"]
    answer = ask("POST", f"{path}/deliveries/{event_id}/redeliver")
    assert (answer.status_code, answer.json["attempts"]) == (202, 7)


@pytest.mark.parametrize("event_id", [0, 999_999, 2**63 - 1, 2**63, 10**40, -1, "x"])
def test_an_event_that_was_not_for_this_endpoint_is_not_found(
    ask: Ask, path: str, event_id: object
) -> None:
    assert ask("POST", f"{path}/deliveries/{event_id}/redeliver").status_code == 404


def test_dead_ones_are_revived_in_batches_the_oldest_first(
    ask: Ask, path: str, clerk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redelivery, "MAX_BATCH", 2)
    give_up("1, 2, 3")
    first = ask("POST", f"{path}/redeliver", {"state": "dead"}, who=clerk)
    assert (first.status_code, first.json) == (202, {"redelivered": 2, "left": 1})
    dead = ask("GET", f"{path}/deliveries?state=dead").json["items"]
    assert [each["number"] for each in dead] == [3]
    assert ask("POST", f"{path}/redeliver", {"state": "dead"}).json["redelivered"] == 1
    last = ask("POST", f"{path}/redeliver", {"state": "dead"}).json
    assert (last, ask("GET", path).json["pending"]) == ({"redelivered": 0, "left": 0}, 5)


@pytest.mark.parametrize("body", [None, {}, {"state": "pending"}, {"state": None}])
def test_only_dead_ones_are_redelivered_together(ask: Ask, path: str, body: object) -> None:
    assert ask("POST", f"{path}/redeliver", body).status_code == 422


@pytest.mark.parametrize("how", ["one", "all"])
def test_an_endpoint_that_was_away_is_called_again_at_once(ask: Ask, path: str, how: str) -> None:
    give_up("1")
    database.run(
        "UPDATE webhook_endpoints SET failures = 9, failing_since = now(), "
        "rest_until = now() + interval '1 h'"
    )
    event_id = ask("GET", f"{path}/deliveries").json["items"][-1]["event_id"]
    if how == "one":
        ask("POST", f"{path}/deliveries/{event_id}/redeliver")
    else:
        ask("POST", f"{path}/redeliver", {"state": "dead"})
    row = database.row("SELECT failures, rest_until FROM webhook_endpoints")
    assert row == {"failures": 0, "rest_until": None}
