from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from store.database.errors import DatabaseDown
from store.inventory.desk import MOST_AT_ONCE, Desk
from store.inventory.models.reservations import Answer, Request


class Office:
    """Answers like the database, holds everybody up at first, and fails what it is told to."""

    def __init__(self) -> None:
        self.open = Event()
        self.batches: list[int] = []

    def answer_all(self, requests: Sequence[Request]) -> list[Answer]:
        assert self.open.wait(10)
        self.batches.append(len(requests))
        for request in requests:
            if error := request.get("error"):
                raise error
        return [{"echo": request["number"]} for request in requests]


def test_a_lone_request_is_served_at_once() -> None:
    office = Office()
    office.open.set()
    assert Desk(office.answer_all).serve({"number": 1}) == {"echo": 1}
    assert office.batches == [1]


def test_those_who_wait_are_served_together_and_each_gets_the_own_answer() -> None:
    office = Office()
    desk = Desk(office.answer_all)
    with ThreadPoolExecutor(200) as callers:
        answers = [callers.submit(desk.serve, {"number": number}) for number in range(200)]
        office.open.set()
        assert [answer.result(10)["echo"] for answer in answers] == list(range(200))
    assert sum(office.batches) == 200
    assert max(office.batches) <= MOST_AT_ONCE
    assert len(office.batches) < 200


def test_nobody_pays_for_the_error_of_another() -> None:
    office = Office()
    desk = Desk(office.answer_all)
    with ThreadPoolExecutor(20) as callers:
        good = [callers.submit(desk.serve, {"number": number}) for number in range(10)]
        request = {"error": ValueError("a bad request is among them")}
        bad = [callers.submit(desk.serve, request) for _ in range(5)]
        office.open.set()
        assert [answer.result(10)["echo"] for answer in good] == list(range(10))
        for answer in bad:
            with pytest.raises(ValueError, match="bad request"):
                answer.result(10)


def test_a_lost_database_is_asked_once_for_a_batch() -> None:
    office = Office()
    desk = Desk(office.answer_all)
    with ThreadPoolExecutor(40) as callers:
        request = {"error": DatabaseDown("The database is not available.")}
        lost = [callers.submit(desk.serve, request) for _ in range(40)]
        office.open.set()
        for answer in lost:
            with pytest.raises(DatabaseDown):
                answer.result(10)
    assert sum(office.batches) == 40
