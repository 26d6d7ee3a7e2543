"""The breaker by itself; calls_test.py has it around real calls."""

import logging

import pytest
from prometheus_client import REGISTRY

from store.server.outbound.breaker import Breaker


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.note(breaker.permit(), answered=False)


def test_it_opens_when_so_many_in_a_row_are_not_answered() -> None:
    breaker = Breaker("row", failures=3, rest_seconds=60)
    fail(breaker, 2)
    breaker.note(breaker.permit(), answered=True)
    fail(breaker, 2)
    assert breaker.permit()
    fail(breaker, 1)
    assert not breaker.permit()


def test_one_trial_decides_and_the_others_wait() -> None:
    breaker = Breaker("trial", failures=1, rest_seconds=0)
    fail(breaker, 1)
    trial = breaker.permit()
    assert trial
    assert not breaker.permit()
    breaker.note(trial, answered=False)
    second = breaker.permit()
    assert second
    breaker.note(second, answered=True)
    assert breaker.permit()
    assert breaker.permit()


def test_calls_from_before_decide_nothing() -> None:
    breaker = Breaker("before", failures=2, rest_seconds=0)
    slow = [breaker.permit() for _ in range(4)]
    fail(breaker, 2)
    breaker.note(slow[0], answered=True)
    trial = breaker.permit()
    breaker.note(slow[1], answered=True)
    assert not breaker.permit()
    breaker.note(trial, answered=True)
    for late in slow[2:]:
        breaker.note(late, answered=False)
    assert breaker.permit()


def test_it_says_once_that_it_opens_and_once_that_it_closes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "store.server.outbound.breaker")
    breaker = Breaker("moody", failures=2, rest_seconds=0)
    fail(breaker, 5)
    assert is_open("moody") == 1
    breaker.note(breaker.permit(), answered=True)
    assert is_open("moody") == 0
    assert [record.getMessage() for record in caplog.records] == [
        "moody does not answer: no calls for a moment",
        "moody answers again",
    ]


def is_open(dependency: str) -> float | None:
    return REGISTRY.get_sample_value("dependency_breaker_open", {"dependency": dependency})
