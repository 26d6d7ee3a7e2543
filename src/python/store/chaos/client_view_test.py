import pytest

from store.chaos.client_view import Known, broken_promises, lost_events
from store.loadtest.load.recorder import Promise
from store.orders.models.states import State


def promise(told: str = "confirmed", wanted: str = "passes kept", refunded: int = 0) -> Promise:
    return Promise("7", "key-7", told, wanted, refunded=refunded)


def wrongs(told: Promise, **order: object) -> list[str]:
    known = Known(**{"state": State.CONFIRMED, "events": 5, "refunded": 0, **order})  # type: ignore[arg-type]
    return [*broken_promises([told], {"7": known})]


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
def test_what_was_told_may_go_on_as_it_was_wanted(told: str, wanted: str, is_now: str) -> None:
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
def test_what_was_told_must_not_be_taken_back(told: str, wanted: str, is_now: str) -> None:
    assert wrongs(promise(told, wanted), state=State(is_now)) == [
        f"order 7 (key key-7): the buyer was told it is {told}, and it is {is_now}"
    ]


def test_an_order_that_was_told_of_has_to_be_there() -> None:
    assert [*broken_promises([promise()], {})] == [
        "order 7 (key key-7): the buyer was told it is confirmed, and there is no such order"
    ]


def test_money_that_was_said_to_be_refunded_is() -> None:
    told = promise(refunded=500)
    assert wrongs(told, refunded=500) == []
    assert wrongs(told, refunded=499) == [
        "order 7 (key key-7): 500 were said to be refunded, and 499 are"
    ]


def test_an_order_that_nobody_knows_of_is_one_too_many() -> None:
    known = {"7": Known(State.CONFIRMED, 5, 0), "8": Known(State.CONFIRMED, 5, 0)}
    assert [*broken_promises([promise()], known)] == [
        "1 orders that nobody knows of, for 0 unanswered: ['8']"
    ]


def test_a_buyer_who_was_never_answered_may_have_an_order() -> None:
    unanswered = Promise("", "key-8", "unanswered", "passes kept")
    known = {"7": Known(State.CONFIRMED, 5, 0), "8": Known(State.CONFIRMED, 5, 0)}
    assert [*broken_promises([promise(), unanswered], known)] == []


def test_every_event_has_to_be_heard_of() -> None:
    known = {"7": Known(State.CONFIRMED, 3, 0), "8": Known(State.CONFIRMED, 1, 0)}
    assert [*lost_events(known, {"7": [1, 2, 3], "8": [1]})] == []
    assert [*lost_events(known, {"7": [1, 3]})] == [
        "order 7: the subscriber never got its events [2]",
        "order 8: the subscriber never got its events [1]",
    ]
