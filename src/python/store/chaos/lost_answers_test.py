import pytest

from store.chaos.lost_answers import MAX_BUYERS, POINTS, LostAnswer, rounds
from store.loadtest.api import Response


def answer(order_id: str | None, status: int = 201) -> Response:
    return Response(status, {"id": order_id} if order_id else {"code": "x"}, {}, 0.1, 2)


def test_the_same_order_is_well() -> None:
    assert LostAnswer("key", "7", answer("7")).wrong == ""


def test_another_order_is_not() -> None:
    wrong = LostAnswer("key", "7", answer("8")).wrong
    assert wrong == "key key: order 7 was taken, and the buyer was told of 8 (201 )"


def test_neither_is_no_order() -> None:
    wrong = LostAnswer("key", "7", answer(None, 409)).wrong
    assert wrong == "key key: order 7 was taken, and the buyer was told of None (409 x)"


def test_an_api_that_died_before_it_took_the_order_proves_nothing() -> None:
    assert LostAnswer("key", None, answer("7")).wrong.startswith("key key: no order was committed")


@pytest.mark.parametrize("tries", [1, 9, 50])
def test_there_are_at_least_as_many_tries_as_wanted(tries: int) -> None:
    buyers = [*rounds(tries)]
    assert tries <= len(POINTS) * sum(buyers) < tries + len(POINTS)
    assert max(buyers) <= MAX_BUYERS
