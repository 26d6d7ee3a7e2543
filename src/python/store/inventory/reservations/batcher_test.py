from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from store.database.errors import DatabaseDown
from store.inventory.models.reservations import Command, Refusal, Release, ReservationAnswer
from store.inventory.reservations.batcher import MAX_BATCH, ReservationBatcher
from store.server.ids import new_id


class Office:
    """Answers like the database, holds everybody up at first, and fails what a test names."""

    def __init__(self, error: Exception | None = None) -> None:
        self.open = Event()
        self.batches: list[int] = []
        self.error = error

    def answer_all(self, commands: Sequence[Command]) -> list[ReservationAnswer]:
        assert self.open.wait(10)
        self.batches.append(len(commands))
        if self.error and BAD in commands:
            raise self.error
        return [echo(command) for command in commands]


BAD = Release(new_id(), "bad")


def good() -> Command:
    return Release(new_id(), "good")


def echo(command: Command) -> ReservationAnswer:
    return ReservationAnswer(Refusal(str(command.order_id)), None, False)


def test_a_lone_request_is_served_at_once() -> None:
    office = Office()
    office.open.set()
    command = good()
    assert ReservationBatcher(office.answer_all).serve(command) == echo(command)
    assert office.batches == [1]


def test_those_who_wait_are_served_together_and_each_gets_the_own_answer() -> None:
    office = Office()
    batcher = ReservationBatcher(office.answer_all)
    with ThreadPoolExecutor(200) as callers:
        commands = [good() for _ in range(200)]
        answers = [callers.submit(batcher.serve, command) for command in commands]
        office.open.set()
        assert [answer.result(10) for answer in answers] == [echo(each) for each in commands]
    assert sum(office.batches) == 200
    assert max(office.batches) <= MAX_BATCH
    assert len(office.batches) < 200


def test_nobody_pays_for_the_error_of_another() -> None:
    office = Office(ValueError("a bad request is among them"))
    batcher = ReservationBatcher(office.answer_all)
    with ThreadPoolExecutor(20) as callers:
        commands = [good() for _ in range(10)]
        answers = [callers.submit(batcher.serve, command) for command in commands]
        bad = [callers.submit(batcher.serve, BAD) for _ in range(5)]
        office.open.set()
        assert [answer.result(10) for answer in answers] == [echo(each) for each in commands]
        for answer in bad:
            with pytest.raises(ValueError, match="bad request"):
                answer.result(10)


def test_a_lost_database_is_asked_once_for_a_batch() -> None:
    office = Office(DatabaseDown("The database is not available."))
    batcher = ReservationBatcher(office.answer_all)
    with ThreadPoolExecutor(40) as callers:
        lost = [callers.submit(batcher.serve, BAD) for _ in range(40)]
        office.open.set()
        for answer in lost:
            with pytest.raises(DatabaseDown):
                answer.result(10)
    assert sum(office.batches) == 40
