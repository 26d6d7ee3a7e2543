import pytest

from store.chaos.client_view import StoredOrder, broken_promises, lost_events
from store.loadtest.load.recorder import Promise
from store.orders.models.states import State


def promise(told: str = "confirmed", wanted: str = "passes kept", refunded: int = 0) -> Promise:
    return Promise("7", "key-7", told, wanted, refunded=refunded)


def wrongs(promised: Promise, **order: object) -> list[str]:
    stored = StoredOrder(**{"state": State.CONFIRMED, "events": 5, "refunded": 0, **order})  # type: ignore[arg-type]
    return [*broken_promises([promised], {"7": stored})]


@pytest.mark.parametrize(
    ("told", "wanted", "is_now"),
    [
        ("confirmed", "passes kept", "confirmed"),
        ("pending", "passes kept", "confirmed"),
        ("pending", "declines kept", "rejected"),
        ("awaiting_payment", "challenge_passed kept", "confirmed"),
        ("awaiting_payment", "challenge_left kept", "cancelled"),
        ("confirmed", "passes cancelled_later", "cancelled"),
        ("confirmed", "passes delivered", "delivered"),
        ("shipped", "passes returned", "refunded"),
    ],
)
def test_an_order_may_go_on_from_the_told_state_as_its_buyer_wanted(
    told: str, wanted: str, is_now: str
) -> None:
    assert wrongs(promise(told, wanted), state=State(is_now)) == []


@pytest.mark.parametrize(
    ("told", "wanted", "is_now"),
    [
        ("confirmed", "passes kept", "rejected"),
        ("confirmed", "passes kept", "pending"),
        ("confirmed", "passes kept", "cancelled"),
        ("confirmed", "passes shipped", "refunded"),
        ("rejected", "declines kept", "confirmed"),
        ("cancelled", "passes cancelled_later", "confirmed"),
    ],
)
def test_a_told_state_must_not_be_taken_back(told: str, wanted: str, is_now: str) -> None:
    assert wrongs(promise(told, wanted), state=State(is_now)) == [
        f"order 7 (key key-7): the buyer was told it is {told}, and it is {is_now}"
    ]


def test_an_order_that_a_buyer_was_told_of_exists() -> None:
    assert [*broken_promises([promise()], {})] == [
        "order 7 (key key-7): the buyer was told it is confirmed, and there is no such order"
    ]


def test_money_that_a_buyer_was_told_is_refunded_is_refunded() -> None:
    promised = promise(refunded=500)
    assert wrongs(promised, refunded=500) == []
    assert wrongs(promised, refunded=499) == [
        "order 7 (key key-7): 500 were said to be refunded, and 499 are"
    ]


def test_an_order_that_nobody_knows_of_is_one_too_many() -> None:
    stored = {"7": StoredOrder(State.CONFIRMED, 5, 0), "8": StoredOrder(State.CONFIRMED, 5, 0)}
    assert [*broken_promises([promise()], stored)] == [
        "1 orders that nobody knows of, for 0 unanswered: ['8']"
    ]


def test_a_buyer_who_was_never_answered_may_have_an_order() -> None:
    unanswered = Promise("", "key-8", "unanswered", "passes kept")
    stored = {"7": StoredOrder(State.CONFIRMED, 5, 0), "8": StoredOrder(State.CONFIRMED, 5, 0)}
    assert [*broken_promises([promise(), unanswered], stored)] == []


def test_every_event_has_to_be_received() -> None:
    stored = {"7": StoredOrder(State.CONFIRMED, 3, 0), "8": StoredOrder(State.CONFIRMED, 1, 0)}
    assert [*lost_events(stored, {"7": [1, 2, 3], "8": [1]})] == []
    assert [*lost_events(stored, {"7": [1, 3]})] == [
        "order 7: the subscriber never got its events [2]",
        "order 8: the subscriber never got its events [1]",
    ]
